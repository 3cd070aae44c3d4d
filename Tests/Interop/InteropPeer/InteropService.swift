// SPDX-License-Identifier: Apache-2.0

import InteropMessages
import RPCRuntime
import TrakSenseAPI

/// The server's side of gRPC's interoperability tests: what each RPC does is what "Interoperability Test Case
/// Descriptions", section "Server", says.
struct InteropService: GrpcTesting.TestServiceProtocol {
  private static let echoInitial = "x-grpc-test-echo-initial"
  private static let echoTrailing = "x-grpc-test-echo-trailing-bin"

  func emptyCall(
    _ request: GrpcTesting.Empty, context: ServerContext
  ) async throws(RPCError) -> GrpcTesting.Empty {
    GrpcTesting.Empty()
  }

  func unaryCall(
    _ request: GrpcTesting.SimpleRequest, context: ServerContext
  ) async throws(RPCError) -> GrpcTesting.SimpleResponse {
    echoMetadata(context)
    try expect(request.expectCompressed, context)
    try fail(as: request.responseStatus)
    if let compressed = request.responseCompressed {
      context.compressesResponses = compressed.value
    }
    return GrpcTesting.SimpleResponse(payload: try Self.payload(request.responseSize))
  }

  func streamingOutputCall(
    _ request: GrpcTesting.StreamingOutputCallRequest,
    responses: MessageWriter<GrpcTesting.StreamingOutputCallResponse>, context: ServerContext
  ) async throws(RPCError) {
    echoMetadata(context)
    try fail(as: request.responseStatus)
    try await answer(request, responses, context)
  }

  func streamingInputCall(
    _ requests: RequestMessages<GrpcTesting.StreamingInputCallRequest>, context: ServerContext
  ) async throws(RPCError) -> GrpcTesting.StreamingInputCallResponse {
    echoMetadata(context)
    var total = 0
    for try await request in requests {
      try expect(request.expectCompressed, context)
      total += request.payload?.body.count ?? 0
    }
    return GrpcTesting.StreamingInputCallResponse(
      aggregatedPayloadSize: Int32(truncatingIfNeeded: total))
  }

  func fullDuplexCall(
    _ requests: RequestMessages<GrpcTesting.StreamingOutputCallRequest>,
    responses: MessageWriter<GrpcTesting.StreamingOutputCallResponse>, context: ServerContext
  ) async throws(RPCError) {
    echoMetadata(context)
    for try await request in requests {
      try fail(as: request.responseStatus)
      try await answer(request, responses, context)
    }
  }

  private func answer(
    _ request: GrpcTesting.StreamingOutputCallRequest,
    _ responses: MessageWriter<GrpcTesting.StreamingOutputCallResponse>, _ context: ServerContext
  ) async throws(RPCError) {
    if request.responseParameters.contains(where: { $0.compressed?.value == true }) {
      context.compressesResponses = true
    }
    for parameters in request.responseParameters {
      if parameters.intervalUS > 0 {
        do {
          try await Task.sleep(for: .microseconds(parameters.intervalUS))
        } catch {
          throw RPCError(.cancelled, "the call is over")
        }
      }
      let response = GrpcTesting.StreamingOutputCallResponse(
        payload: try Self.payload(parameters.size))
      var frame = response.frame()
      frame.isCompressible = parameters.compressed?.value != false
      try await responses.write(frame: frame)
    }
  }

  private static func payload(_ size: Int32) throws(RPCError) -> GrpcTesting.Payload {
    guard (0...(64 << 20)).contains(size) else {
      throw RPCError(.invalidArgument, "a payload cannot have \(size) bytes")
    }
    return GrpcTesting.Payload(body: [UInt8](repeating: 0, count: Int(size)))
  }

  private func echoMetadata(_ context: ServerContext) {
    let metadata = context.metadata
    if let value = metadata[Self.echoInitial] {
      context.initialMetadata.add(value, for: Self.echoInitial)
    }
    if let value = metadata.binary(Self.echoTrailing) {
      context.trailingMetadata.addBinary(value, for: Self.echoTrailing)
    }
  }

  private func expect(
    _ compressed: GrpcTesting.BoolValue?, _ context: ServerContext
  ) throws(RPCError) {
    guard let compressed, compressed.value, !context.requestWasCompressed else { return }
    throw RPCError(.invalidArgument, "the request should be compressed")
  }

  private func fail(as status: GrpcTesting.EchoStatus?) throws(RPCError) {
    guard let status, status.code != 0 else { return }
    let code = UInt8(exactly: status.code).flatMap(StatusCode.init(rawValue:)) ?? .unknown
    throw RPCError(code, status.message)
  }
}
