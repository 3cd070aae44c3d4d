// SPDX-License-Identifier: Apache-2.0

import CProtobufC
import CProtocPlugin
import Glibc

/// What the plugin answers: sources, or what is wrong with the schema.
struct PluginResponse {
  struct File {
    var name: String
    var content: String
  }

  var error: String?
  var files: [File]

  /// A CodeGeneratorResponse.
  func encoded() -> [UInt8] {
    var strings: [UnsafeMutablePointer<CChar>] = unsafe []
    defer { while let copy = unsafe strings.popLast() { unsafe free(copy) } }
    func string(_ text: String) -> UnsafeMutablePointer<CChar>? {
      let copy = unsafe strdup(text)
      if let copy = unsafe copy { unsafe strings.append(copy) }
      return unsafe copy
    }
    let rawFiles = UnsafeMutableBufferPointer<Traksense__Protoc__PluginResponse__File>
      .allocate(capacity: files.count)
    let pointers = UnsafeMutableBufferPointer<
      UnsafeMutablePointer<Traksense__Protoc__PluginResponse__File>?
    >.allocate(capacity: files.count)
    defer {
      unsafe rawFiles.deallocate()
      unsafe pointers.deallocate()
    }
    for (index, file) in files.enumerated() {
      var raw = unsafe Traksense__Protoc__PluginResponse__File()
      unsafe traksense__protoc__plugin_response__file__init(&raw)
      unsafe raw.name = string(file.name)
      unsafe raw.content = string(file.content)
      unsafe rawFiles.initializeElement(at: index, to: raw)
      unsafe pointers.initializeElement(
        at: index, to: rawFiles.baseAddress.map { unsafe $0 + index })
    }
    var response = unsafe Traksense__Protoc__PluginResponse()
    unsafe traksense__protoc__plugin_response__init(&response)
    if let error { unsafe response.error = string(error) }
    unsafe response.has_supported_features = 1
    unsafe response.n_file = files.count
    unsafe response.file = pointers.baseAddress
    let size = unsafe traksense__protoc__plugin_response__get_packed_size(&response)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      unsafe count = traksense__protoc__plugin_response__pack(&response, buffer.baseAddress)
    }
  }
}
