// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The protoc plugin: reads a CodeGeneratorRequest from standard input and writes a CodeGeneratorResponse
/// with Swift sources to standard output. What is wrong with the schema goes into the response, as protoc
/// asks for; the exit status is not 0 only when protoc was not on the other side.
@main
struct Command {
  static func main() {
    do throws(PluginError) {
      let request = try PluginRequest(decoding: try readAll(STDIN_FILENO))
      try writeAll(respond(to: request).encoded(), STDOUT_FILENO)
    } catch {
      let complaint = Array("protoc-gen-traksense: \(error.text)\n".utf8)
      _ = unsafe complaint.withUnsafeBytes { buffer in
        unsafe write(STDERR_FILENO, buffer.baseAddress, buffer.count)
      }
      exit(1)
    }
  }

  static func respond(to request: PluginRequest) -> PluginResponse {
    var files: [PluginResponse.File] = []
    do throws(PluginError) {
      let names = SwiftNames(request.files)
      let wanted = request.files.filter { request.filesToGenerate.contains($0.name) }
      try SchemaFile.refuseRecursion(in: wanted)
      try HTTPRoutes.refuseDuplicates(in: wanted, names)
      for file in wanted {
        files += try SwiftFiles(file: file, names: names, options: request.options).all()
      }
      if let property = request.options.schema {
        files.append(try SchemaIndex(request: request, names: names, property: property).file())
        if let descriptions = SchemaDescriptions(request: request, property: property) {
          files.append(try descriptions.file())
        }
      }
    } catch {
      return PluginResponse(error: error.text, files: [])
    }
    // Two files of one package both write the package's namespace, with the same content.
    var seen: Set<String> = []
    return PluginResponse(error: nil, files: files.filter { seen.insert($0.name).inserted })
  }

  private static func readAll(_ descriptor: Int32) throws(PluginError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count == 0 { return bytes }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw PluginError("cannot read the request: error \(errno)")
      }
      bytes += chunk[..<count]
    }
  }

  private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) throws(PluginError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe write(descriptor, buffer.baseAddress, buffer.count)
      }
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw PluginError("cannot write the response: error \(errno)")
      }
      rest = rest.dropFirst(count)
    }
  }
}

/// Why nothing can be generated; the text is for the author of the .proto.
struct PluginError: Error {
  let text: String

  init(_ text: String) {
    self.text = text
  }
}
