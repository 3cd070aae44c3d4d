// SPDX-License-Identifier: Apache-2.0

import InteropMessages
import RPCRuntime
import TrakSenseAPI

/// Requests and responses in gzip. Whether a response came compressed is not asserted: the client does not
/// say, as other implementations' do not, and `Foreign/raw.py` looks at the flags of our server's responses.
extension InteropCase {
  private static let gzip = CallOptions(compression: .gzip)
  private static let yes = GrpcTesting.BoolValue(value: true)
  private static let no = GrpcTesting.BoolValue(value: false)

  static let compression: [InteropCase] = [
    InteropCase(name: "client_compressed_unary") { channel in
      let service = Service(channel: channel)
      var request = GrpcTesting.SimpleRequest.large
      request.expectCompressed = yes
      let probe = request
      let answer = await status { () async throws(RPCError) in
        _ = try await service.unaryCall(probe)
      }
      // grpcio's server cannot know, and takes it.
      try expect(
        answer == nil || answer == .invalidArgument, "the probe ended with \(answer as Any)")
      try expect(
        try await service.unaryCall(request, options: gzip).payload, size: 314_159)
      request.expectCompressed = no
      try expect(try await service.unaryCall(request).payload, size: 314_159)
    },
    InteropCase(name: "server_compressed_unary") { channel in
      for compressed in [yes, no] {
        var request = GrpcTesting.SimpleRequest.large
        request.responseCompressed = compressed
        try expect(
          try await Service(channel: channel).unaryCall(request).payload, size: 314_159)
      }
    },
    InteropCase(name: "client_compressed_streaming") { channel in
      let compressed = GrpcTesting.StreamingInputCallRequest(
        payload: .zeros(27_182), expectCompressed: yes)
      let plain = GrpcTesting.StreamingInputCallRequest(
        payload: .zeros(45_904), expectCompressed: no)
      let answer = await status { () async throws(RPCError) in
        _ = try await Service(channel: channel).streamingInputCall {
          writer async throws(RPCError) in
          try await writer.write(compressed)
        }
      }
      try expect(
        answer == nil || answer == .invalidArgument, "the probe ended with \(answer as Any)")
      let call = try await channel.open(
        GrpcTesting.TestServiceMethods.streamingInputCall, options: gzip)
      try await call.requests.write(compressed.frame())
      var frame = plain.frame()
      frame.isCompressible = false
      try await call.requests.write(frame)
      await call.requests.finish()
      var responses = MessageStream<GrpcTesting.StreamingInputCallResponse>(call.responses)
        .makeAsyncIterator()
      let size = try await responses.next()?.aggregatedPayloadSize
      try expect(size == 73_086, "\(size as Any) bytes arrived instead of 73086")
      try expect(try await responses.next() == nil, "there is more than one response")
    },
    InteropCase(name: "server_compressed_streaming") { channel in
      let request = GrpcTesting.StreamingOutputCallRequest(
        responseParameters: [
          GrpcTesting.ResponseParameters(size: 31_415, compressed: yes),
          GrpcTesting.ResponseParameters(size: 92_653, compressed: no),
        ])
      var sizes: [Int] = []
      for try await response in try await Service(channel: channel).streamingOutputCall(request) {
        sizes.append(response.payload?.body.count ?? 0)
      }
      try expect(sizes == [31_415, 92_653], "the sizes are \(sizes)")
    },
  ]

  /// How a call ended; nil: well.
  private static func status(_ call: () async throws(RPCError) -> Void) async -> StatusCode? {
    do throws(RPCError) {
      try await call()
      return nil
    } catch {
      return error.code
    }
  }
}
