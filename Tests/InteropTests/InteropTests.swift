// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The quick ones of gRPC's interoperability tests; `make interop` runs all.
@Suite("grpcio and this runtime understand each other", .timeLimit(.minutes(15)))
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
    _ = try Tool.python()
    let run = try Run(
      "\(Repository.root)/Scripts/interop.sh", Self.quick,
      environment: ["INTEROP_PEER": Repository.program("InteropPeer")])
    let output = try await run.succeed(within: .seconds(900))
    #expect(output.components(separatedBy: "passed").count == Self.quick.count * 3 + 1)
  }
}
