// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// The request messages of a call whose caller streams, for one consumer. Ends when the caller is done and
/// throws when the call is over before that. Flow-control credit returns as messages are read.
public struct RequestStream: AsyncSequence, Sendable {
  /// One encoded message.
  public typealias Element = ByteBuffer
  /// `.cancelled`, or what was wrong with the request.
  public typealias Failure = RPCError

  private let source: any RequestSource
  /// Where messages are counted, if they are.
  private let counter: ServerContext?

  init(source: any RequestSource, counter: ServerContext? = nil) {
    self.source = source
    self.counter = counter
  }

  /// The same messages, counted as they are read.
  func counted(in context: ServerContext) -> RequestStream {
    RequestStream(source: source, counter: context)
  }

  /// Reads the messages. Call it once.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(source: source, counter: counter)
  }

  /// Pulls one message after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let source: any RequestSource
    fileprivate let counter: ServerContext?

    /// - Returns: the next message; nil when the caller has sent its last one.
    public mutating func next() async throws(RPCError) -> ByteBuffer? {
      let message = try await source.nextRequest()
      if message != nil { counter?.countReceived() }
      return message
    }

    /// As ``next()``; the messages come from the transport's own isolation anyway.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(RPCError) -> ByteBuffer? {
      try await next()
    }
  }
}

/// The transport's end of a ``RequestStream``.
protocol RequestSource: AnyObject, Sendable {
  func nextRequest() async throws(RPCError) -> ByteBuffer?
}
