// SPDX-License-Identifier: Apache-2.0

import BenchMessages
import RPCRuntime
import TrakSenseAPI

/// Calls of every shape that cost nothing but runtime and codec.
struct CallsService: TraksenseBenchV1.BenchServiceProtocol {
  func unary(
    _ request: TraksenseBenchV1.Payload, context: ServerContext
  ) async throws(RPCError) -> TraksenseBenchV1.Payload {
    request
  }

  func download(
    _ request: TraksenseBenchV1.DownloadRequest,
    responses: MessageWriter<TraksenseBenchV1.Payload>, context: ServerContext
  ) async throws(RPCError) {
    for _ in 0..<request.messages {
      // Made anew each time, as a service would.
      try await responses.write(
        TraksenseBenchV1.Payload(body: [UInt8](repeating: 0, count: Int(request.bytes))))
    }
  }

  func slow(
    _ request: TraksenseBenchV1.SlowRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseBenchV1.Payload {
    do {
      try await Task.sleep(for: .milliseconds(request.waitMilliseconds))
    } catch {
      throw RPCError(.cancelled, "the call is over")
    }
    let end = ContinuousClock.now + .microseconds(request.busyMicroseconds)
    while ContinuousClock.now < end {}
    return TraksenseBenchV1.Payload()
  }

  func echo(
    _ requests: RequestMessages<TraksenseBenchV1.Payload>,
    responses: MessageWriter<TraksenseBenchV1.Payload>, context: ServerContext
  ) async throws(RPCError) {
    for try await payload in requests { try await responses.write(payload) }
  }
}
