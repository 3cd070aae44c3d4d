// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// Both directions of a bidirectional call.
public struct BidirectionalCall<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
  /// Takes the request messages; must be finished.
  public let requests: RequestMessageWriter<Request>
  /// Yields the response messages. Dropping it cancels the call.
  public let responses: MessageStream<Response>

  /// - Parameter call: carries the encoded messages.
  public init(_ call: StreamingCall) {
    requests = RequestMessageWriter(call.requests)
    responses = MessageStream(call.responses)
  }
}
