// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import RPCRuntime
import TrakSenseAPI

struct CallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call",
    abstract: "Call an RPC with JSON and print the answers, one line each.",
    discussion: """
      The exit status is that of the call: 0 for OK, 3 for INVALID_ARGUMENT, 14 for UNAVAILABLE, …; \
      what the server says of an error goes to standard error.

        traksense call TelemetryService/Latest '{"device_id": "ESP32-01"}' -H 'x-tenant: umc'
      """)

  @Argument(help: "SERVICE/METHOD; the service's package may be left out.")
  var method: String?

  @Argument(help: "A request in JSON each; '-' reads them from standard input, one a line.")
  var requests: [String] = []

  @Option(
    name: [.customShort("H"), .customLong("header")],
    help: "Metadata to send, 'key: value'; may be repeated. Values of '-bin' keys are base64.")
  var headers: [String] = []

  @Option(help: "Give up after so many seconds.")
  var timeout: Double?

  @Option(help: "Host to name instead of the server's address.")
  var authority: String?

  @Flag(help: "List the RPCs that can be called.")
  var list = false

  @OptionGroup var server: ServerOptions

  @OptionGroup var credentials: CredentialOptions

  func validate() throws {
    if list { return }
    guard let method else { throw ValidationError("SERVICE/METHOD is missing; see --list") }
    let types = try types(named: method)
    guard requests == ["-"] || !requests.contains("-") else {
      throw ValidationError("'-' stands alone")
    }
    let single = !types.method.kind.streamsRequests
    guard requests == ["-"] || !single || requests.count == 1 else {
      throw ValidationError("\(types.method.path) takes one request")
    }
    if let timeout, !(timeout > 0 && timeout < 1e9) {
      throw ValidationError("--timeout is not a number of seconds")
    }
    _ = try metadata()
  }

  func run() async throws {
    guard !list, let method else { return printList() }
    let types = try types(named: method)
    let options = CallOptions(
      metadata: try metadata(), timeout: timeout.map { .seconds($0) }, authority: authority)
    let source: RequestLines =
      requests == ["-"] ? .standardInput(try StandardInput()) : .arguments(requests)
    do throws(RPCError) {
      let client = try server.client()
      let call = try await JSONCall(types, on: client, options: options)
      try await call.run(source) { line in
        print(line)
        // Seen now, also where output goes to a pipe.
        fflush(nil)
      }
      await client.close()
    } catch {
      write(StatusReport(error.withDecodedDetails).text)
      throw ExitCode(Int32(error.code.rawValue))
    }
  }

  private func printList() {
    for types in ProtobufSchema.trakSenseAPI.methods {
      let (request, response) =
        switch types.method.kind {
        case .unary: ("", "")
        case .clientStreaming: ("stream ", "")
        case .serverStreaming: ("", "stream ")
        case .bidirectional: ("stream ", "stream ")
        }
      print(
        "\(types.method.service)/\(types.method.method)"
          + " (\(request)\(types.request.fullName)) → (\(response)\(types.response.fullName))")
    }
  }

  /// Finds the RPC by its full name or, when that is enough to tell it, without the package.
  private func types(named name: String) throws -> MethodTypes {
    let wanted = name.hasPrefix("/") ? String(name.dropFirst()) : name
    let all = ProtobufSchema.trakSenseAPI.methods
    if let exact = ProtobufSchema.trakSenseAPI.method(path: "/\(wanted)") { return exact }
    let candidates = all.filter { $0.method.path.hasSuffix(".\(wanted)") }
    guard let found = candidates.first else {
      throw ValidationError("unknown RPC \(name); see --list")
    }
    guard candidates.count == 1 else {
      let names = candidates.map { String($0.method.path.dropFirst()) }
      throw ValidationError("\(name) may be \(names.joined(separator: " or "))")
    }
    return found
  }

  private func metadata() throws -> Metadata {
    var metadata = Metadata()
    let names = headers.map { $0.prefix { $0 != ":" }.lowercased() }
    if !names.contains(where: { $0 == "x-api-key" || $0 == "authorization" }) {
      metadata = credentials.metadata
    }
    for header in headers {
      let parts = header.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ValidationError("-H '\(header)' is not 'key: value'")
      }
      metadata.add(String(parts[1].drop { $0 == " " }), for: String(parts[0]))
    }
    return metadata
  }

  private func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
      }
      // Nobody is there to be told.
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
