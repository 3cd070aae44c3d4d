// SPDX-License-Identifier: Apache-2.0

package import RPCRuntime

/// Calls with messages instead of bytes: what generated clients consist of.
extension RPCChannel {
  package func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> Response {
    let reply = try await unary(method, request.frame(), options: options)
    return try Response(response: reply.message)
  }

  package func serverStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> MessageStream<Response> {
    MessageStream(try await serverStreaming(method, request.frame(), options: options))
  }

  package func clientStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, options: CallOptions,
    _ send: (RequestMessageWriter<Request>) async throws(RPCError) -> Void
  ) async throws(RPCError) -> Response {
    let response = try await clientStreaming(method, options: options) {
      writer async throws(RPCError) in
      try await send(RequestMessageWriter(writer))
    }
    return try Response(response: response)
  }

  package func bidirectional<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> BidirectionalCall<Request, Response> {
    BidirectionalCall(try await open(method, options: options))
  }
}
