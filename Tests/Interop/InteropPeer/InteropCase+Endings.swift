// SPDX-License-Identifier: Apache-2.0

import InteropMessages
import RPCRuntime
import TrakSenseAPI

/// How calls end other than well.
extension InteropCase {
  static let endings: [InteropCase] = [
    InteropCase(name: "status_code_and_message") { channel in
      let message = "test status message"
      try await expectStatus(message, unary: channel)
      let status = GrpcTesting.EchoStatus(code: 2, message: message)
      let call = try await Service(channel: channel).fullDuplexCall()
      let error = try await failure { () async throws(RPCError) in
        try await call.requests.write(
          GrpcTesting.StreamingOutputCallRequest(responseStatus: status))
        await call.requests.finish()
        for try await _ in call.responses {}
      }
      try expect(error.code == .unknown && error.message == message, "the stream: \(error)")
    },
    InteropCase(name: "special_status_message") { channel in
      try await expectStatus(
        "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", unary: channel)
    },
    InteropCase(name: "unimplemented_method") { channel in
      try await expectUnimplemented("grpc.testing.TestService", channel)
    },
    InteropCase(name: "unimplemented_service") { channel in
      try await expectUnimplemented("grpc.testing.UnimplementedService", channel)
    },
    InteropCase(name: "cancel_after_begin") { channel in
      let call = try await channel.open(
        GrpcTesting.TestServiceMethods.streamingInputCall, options: CallOptions())
      try await expectCancelled(call.responses)
    },
    InteropCase(name: "cancel_after_first_response") { channel in
      let call = try await channel.open(
        GrpcTesting.TestServiceMethods.fullDuplexCall, options: CallOptions())
      let request = GrpcTesting.StreamingOutputCallRequest(
        responseParameters: [GrpcTesting.ResponseParameters(size: 31_415)],
        payload: .zeros(27_182))
      try await call.requests.write(request.frame())
      var responses = call.responses.makeAsyncIterator()
      try expect(try await responses.next() != nil, "there is no response")
      try await expectCancelled(call.responses)
    },
    InteropCase(name: "timeout_on_sleeping_server") { channel in
      let error = try await failure { () async throws(RPCError) in
        let call = try await Service(channel: channel).fullDuplexCall(
          options: CallOptions(timeout: .milliseconds(1)))
        do throws(RPCError) {
          try await call.requests.write(
            GrpcTesting.StreamingOutputCallRequest(payload: .zeros(27_182)))
        } catch {
          // The deadline may have come first; the responses say so.
        }
        for try await _ in call.responses {}
      }
      try expect(error.code == .deadlineExceeded, "\(error)")
    },
  ]

  private static func expectStatus(
    _ message: String, unary channel: any RPCChannel
  ) async throws {
    let status = GrpcTesting.EchoStatus(code: 2, message: message)
    let error = try await failure { () async throws(RPCError) in
      _ = try await Service(channel: channel).unaryCall(
        GrpcTesting.SimpleRequest(responseStatus: status))
    }
    try expect(error.code == .unknown && error.message == message, "unary: \(error)")
  }

  private static func expectUnimplemented(
    _ service: String, _ channel: any RPCChannel
  ) async throws {
    let method = MethodDescriptor(service: service, method: "UnimplementedCall", kind: .unary)
    let error = try await failure { () async throws(RPCError) in
      _ = try await channel.unary(method, GrpcTesting.Empty().frame(), options: CallOptions())
    }
    try expect(error.code == .unimplemented, "\(error)")
  }

  /// Cancels the task that reads, and with it the call.
  private static func expectCancelled(_ responses: ResponseStream) async throws {
    let reader = Task { () async -> RPCError? in
      do throws(RPCError) {
        for try await _ in responses {}
        return nil
      } catch {
        return error
      }
    }
    reader.cancel()
    let error = await reader.value
    try expect(error?.code == .cancelled, "the call ended with \(error.map { "\($0)" } ?? "OK")")
  }
}
