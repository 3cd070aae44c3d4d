// SPDX-License-Identifier: Apache-2.0

import InteropMessages
import RPCRuntime
import TrakSenseAPI

/// One of gRPC's interoperability tests, from the client's side; they do and assert what "Interoperability
/// Test Case Descriptions" says.
struct InteropCase: Sendable {
  let name: String
  let run: @Sendable (any RPCChannel) async throws -> Void

  static let all: [InteropCase] = unary + streaming + compression + endings
}

/// What a case found.
struct InteropFailure: Error, CustomStringConvertible {
  let description: String
}

func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw InteropFailure(description: what()) }
}

/// Runs a call that must fail, and gives how.
func failure(_ call: () async throws(RPCError) -> Void) async throws -> RPCError {
  do throws(RPCError) {
    try await call()
  } catch {
    return error
  }
  throw InteropFailure(description: "the call succeeded")
}

typealias Service = GrpcTesting.TestServiceClient

extension GrpcTesting.Payload {
  /// `size` zeros.
  static func zeros(_ size: Int) -> GrpcTesting.Payload {
    GrpcTesting.Payload(body: [UInt8](repeating: 0, count: size))
  }
}

extension GrpcTesting.SimpleRequest {
  /// The request of `large_unary`.
  static var large: GrpcTesting.SimpleRequest {
    GrpcTesting.SimpleRequest(responseSize: 314_159, payload: .zeros(271_828))
  }
}

/// A response of `size` zeros.
func expect(_ payload: GrpcTesting.Payload?, size: Int) throws {
  let body = payload?.body ?? []
  try expect(body.count == size, "a payload has \(body.count) bytes instead of \(size)")
  try expect(body.allSatisfy { $0 == 0 }, "a payload is not zeros")
}
