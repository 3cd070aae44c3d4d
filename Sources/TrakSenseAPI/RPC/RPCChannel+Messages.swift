// SPDX-License-Identifier: Apache-2.0

package import RPCRuntime

/// Calls with messages instead of bytes, whose errors say what the server's say: what generated clients
/// consist of.
extension RPCChannel {
  package func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> Response {
    do throws(RPCError) {
      let reply = try await unary(method, request.frame(), options: options)
      return try Response(response: reply.message)
    } catch {
      throw error.withDecodedDetails
    }
  }

  package func serverStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> MessageStream<Response> {
    do throws(RPCError) {
      return MessageStream(try await serverStreaming(method, request.frame(), options: options))
    } catch {
      throw error.withDecodedDetails
    }
  }

  package func clientStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, options: CallOptions,
    _ send: (RequestMessageWriter<Request>) async throws(RPCError) -> Void
  ) async throws(RPCError) -> Response {
    do throws(RPCError) {
      let response = try await clientStreaming(method, options: options) {
        writer async throws(RPCError) in
        try await send(RequestMessageWriter(writer))
      }
      return try Response(response: response)
    } catch {
      throw error.withDecodedDetails
    }
  }

  package func bidirectional<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> BidirectionalCall<Request, Response> {
    do throws(RPCError) {
      return BidirectionalCall(try await open(method, options: options))
    } catch {
      throw error.withDecodedDetails
    }
  }
}
