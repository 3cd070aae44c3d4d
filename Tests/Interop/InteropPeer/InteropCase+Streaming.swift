// SPDX-License-Identifier: Apache-2.0

import InteropMessages
import RPCRuntime
import TrakSenseAPI

extension InteropCase {
  /// Sizes of requests and responses, in bytes, in the order that the cases name them.
  private static let requestSizes = [27_182, 8, 1_828, 45_904]
  private static let responseSizes: [Int32] = [31_415, 9, 2_653, 58_979]

  static let streaming: [InteropCase] = [
    InteropCase(name: "client_streaming") { channel in
      let response = try await Service(channel: channel).streamingInputCall {
        writer async throws(RPCError) in
        for size in requestSizes {
          try await writer.write(GrpcTesting.StreamingInputCallRequest(payload: .zeros(size)))
        }
      }
      try expect(
        response.aggregatedPayloadSize == 74_922,
        "\(response.aggregatedPayloadSize) bytes arrived instead of 74922")
    },
    InteropCase(name: "server_streaming") { channel in
      let request = GrpcTesting.StreamingOutputCallRequest(
        responseParameters: responseSizes.map { GrpcTesting.ResponseParameters(size: $0) })
      var sizes = responseSizes.makeIterator()
      for try await response in try await Service(channel: channel).streamingOutputCall(request) {
        guard let size = sizes.next() else {
          throw InteropFailure(description: "there are too many responses")
        }
        try expect(response.payload, size: Int(size))
      }
      try expect(sizes.next() == nil, "there are too few responses")
    },
    InteropCase(name: "ping_pong") { channel in
      let call = try await Service(channel: channel).fullDuplexCall()
      var responses = call.responses.makeAsyncIterator()
      for (requestSize, responseSize) in zip(requestSizes, responseSizes) {
        try await call.requests.write(
          GrpcTesting.StreamingOutputCallRequest(
            responseParameters: [GrpcTesting.ResponseParameters(size: responseSize)],
            payload: .zeros(requestSize)))
        try expect(try await responses.next()?.payload, size: Int(responseSize))
      }
      await call.requests.finish()
      try expect(try await responses.next() == nil, "there are too many responses")
    },
    InteropCase(name: "empty_stream") { channel in
      let call = try await Service(channel: channel).fullDuplexCall()
      await call.requests.finish()
      var responses = call.responses.makeAsyncIterator()
      try expect(try await responses.next() == nil, "there is a response")
    },
  ]
}
