// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// Something calls can be made on: a connection, or a router in the same process.
public protocol RPCChannel: Sendable {
  /// Calls a unary RPC.
  /// - Throws: the status when it is not OK.
  func unary(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> UnaryReply

  /// Calls a server-streaming RPC; returns when the request is on its way.
  /// - Throws: when the call could not be started. Everything later is thrown by the stream.
  func serverStreaming(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> ResponseStream
}

/// What a caller may say about one call.
public struct CallOptions: Sendable {
  /// Sent with the request.
  public var metadata: Metadata
  /// How long to wait for the end of the call; nil: for ever.
  public var timeout: Duration?
  /// Host to name in `:authority`; nil: the channel's own.
  public var authority: String?

  /// - Parameters:
  ///   - metadata: sent with the request.
  ///   - timeout: becomes the deadline.
  ///   - authority: host to name instead of the channel's own.
  public init(
    metadata: Metadata = Metadata(), timeout: Duration? = nil, authority: String? = nil
  ) {
    self.metadata = metadata
    self.timeout = timeout
    self.authority = authority
  }
}

/// The answer to a unary call that ended OK.
public struct UnaryReply: Sendable {
  /// The response message.
  public var message: ByteBuffer
  /// Metadata that came before it.
  public var initialMetadata: Metadata
  /// Metadata that came after it.
  public var trailingMetadata: Metadata
}
