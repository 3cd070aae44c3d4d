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

  /// Opens a call of any shape; returns when its headers are on their way. A unary or client-streaming
  /// call yields one response.
  /// - Throws: when the call could not be started. Everything later is thrown by the stream.
  func open(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> StreamingCall
}

/// Both directions of a call whose caller streams.
public struct StreamingCall: Sendable {
  /// Takes the request messages; must be finished.
  public let requests: RequestWriter
  /// Yields the response messages. Dropping it cancels the call.
  public let responses: ResponseStream
}

extension RPCChannel {
  /// Calls a client-streaming RPC.
  /// - Parameters:
  ///   - method: the RPC.
  ///   - options: what the caller says about the call.
  ///   - send: writes the requests; when it returns, the request stream ends.
  /// - Throws: the status when it is not OK; `send`'s error when it throws one, after cancelling the call.
  public func clientStreaming(
    _ method: MethodDescriptor, options: CallOptions,
    _ send: (RequestWriter) async throws(RPCError) -> Void
  ) async throws(RPCError) -> ByteBuffer {
    let call = try await open(method, options: options)
    do throws(RPCError) {
      try await send(call.requests)
      await call.requests.finish()
    } catch {
      // A server that answers early ends the request stream: its answer counts, not that it ended.
      guard error.code == .cancelled, !Task.isCancelled else { throw error }
    }
    var responses = call.responses.makeAsyncIterator()
    guard let message = try await responses.next() else {
      throw RPCError(.internalError, "response message is missing")
    }
    guard try await responses.next() == nil else {
      throw RPCError(.internalError, "more than one response message")
    }
    return message
  }
}

/// What a caller may say about one call.
public struct CallOptions: Sendable {
  /// Sent with the request.
  public var metadata: Metadata
  /// How long to wait for the end of the call; nil: for ever.
  public var timeout: Duration?
  /// Host to name in `:authority`; nil: the channel's own.
  public var authority: String?
  /// What to do while the server cannot be reached: true: wait for it, at most until the deadline; false:
  /// fail with UNAVAILABLE; nil: as the channel says of the method, else fail (gRPC "Wait for Ready").
  public var waitForReady: Bool?
  /// What request messages are compressed with; nil: nothing. Responses come compressed as the server likes.
  public var compression: Compression?
  /// Where the call came from before it was made, for a caller that calls on behalf of somebody else: an IP
  /// address. Only an ``InProcessChannel`` passes it on, as ``ServerContext/peer``: the process trusts
  /// itself, a server nobody. nil: the caller itself.
  public var peer: String?

  /// What a caller may compress with (gRPC "Compression"). A server that does not know it answers
  /// UNIMPLEMENTED.
  public enum Compression: Hashable, Sendable {
    /// RFC 1952.
    case gzip
  }

  /// - Parameters:
  ///   - metadata: sent with the request.
  ///   - timeout: becomes the deadline.
  ///   - authority: host to name instead of the channel's own.
  ///   - waitForReady: whether to wait for a server that cannot be reached.
  ///   - compression: what request messages are compressed with.
  ///   - peer: on whose behalf the call is made, within the process.
  public init(
    metadata: Metadata = Metadata(), timeout: Duration? = nil, authority: String? = nil,
    waitForReady: Bool? = nil, compression: Compression? = nil, peer: String? = nil
  ) {
    self.metadata = metadata
    self.timeout = timeout
    self.authority = authority
    self.waitForReady = waitForReady
    self.compression = compression
    self.peer = peer
  }
}

/// What a server sends beside its messages.
public struct ResponseMetadata: Hashable, Sendable {
  /// Comes before the first message.
  public var initial = Metadata()
  /// Comes with the status.
  public var trailing = Metadata()

  /// Nothing has come.
  public init() {}

  init(initial: Metadata, trailing: Metadata) {
    self.initial = initial
    self.trailing = trailing
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
