// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The quick ones of gRPC's interoperability tests; `make interop` runs all.
@Suite("grpcio and this runtime understand each other", .timeLimit(.minutes(3)))
struct InteropTests {
  private static let quick = [
    "empty_unary", "large_unary", "client_compressed_unary", "server_compressed_unary",
    "client_streaming", "client_compressed_streaming", "server_streaming",
    "server_compressed_streaming", "ping_pong", "empty_stream", "custom_metadata",
    "status_code_and_message", "special_status_message", "unimplemented_method",
    "unimplemented_service", "cancel_after_begin", "cancel_after_first_response",
    "timeout_on_sleeping_server",
  ]

  @Test("in both roles")
  func bothWays() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: root.appending(path: ".venv/ready").path) else {
      guard ProcessInfo.processInfo.environment["CI"] != nil else {
        try Test.cancel("grpcio is not installed: run `make setup-test`")
      }
      Issue.record("grpcio is not installed")
      return
    }
    let peer = try #require(try Self.builtPeer, "InteropPeer was not built beside the tests")
    let (status, output) = try await Self.run(
      root.appending(path: "Scripts/interop.sh"), Self.quick, ["INTEROP_PEER": peer])
    #expect(status == 0, "\(output)")
    #expect(output.components(separatedBy: "passed").count == Self.quick.count * 3 + 1)
  }

  private static var builtPeer: String? {
    get throws {
      let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      var directory = URL(filePath: tests).deletingLastPathComponent()
      while directory.path != "/" {
        let candidate = directory.appending(path: "InteropPeer").path
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        directory.deleteLastPathComponent()
      }
      return nil
    }
  }

  private static func run(
    _ script: URL, _ arguments: [String], _ environment: [String: String]
  ) async throws -> (Int32, String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = script
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try await Task.detached {
      try pipe.fileHandleForReading.readToEnd() ?? Data()
    }.value
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
