// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// The messages of a server-streaming call, for one consumer. Ends when the call ended OK and throws its
/// status otherwise. Dropping it, or cancelling the consuming task, cancels the call.
public struct ResponseStream: AsyncSequence, Sendable {
  /// One encoded message.
  public typealias Element = ByteBuffer
  /// Statuses other than OK.
  public typealias Failure = RPCError

  private let source: CancelOnDrop
  private let metadataSource: @Sendable () async -> ResponseMetadata

  /// - Parameter metadata: gives what has come of it.
  init(source: any ResponseSource, metadata: @escaping @Sendable () async -> ResponseMetadata) {
    self.source = CancelOnDrop(source)
    metadataSource = metadata
  }

  /// What the server sent beside the messages, as far as it has come: the initial metadata is there with the
  /// first message, the trailing metadata when the stream has ended.
  public func metadata() async -> ResponseMetadata { await metadataSource() }

  /// Reads the messages. Call it once.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source) }

  /// Pulls one message after the other; nothing is read ahead of the flow-control window.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private let source: CancelOnDrop

    fileprivate init(source: CancelOnDrop) {
      self.source = source
    }

    /// - Returns: the next message; nil when the call ended OK.
    public mutating func next() async throws(RPCError) -> ByteBuffer? {
      try await source.wrapped.next()
    }

    /// As ``next()``; the messages come from the transport's own isolation anyway.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(RPCError) -> ByteBuffer? {
      try await source.wrapped.next()
    }
  }

  fileprivate final class CancelOnDrop: Sendable {
    let wrapped: any ResponseSource

    init(_ wrapped: any ResponseSource) {
      self.wrapped = wrapped
    }

    deinit { wrapped.cancel() }
  }
}

/// The transport's end of a ``ResponseStream``.
protocol ResponseSource: AnyObject, Sendable {
  func next() async throws(RPCError) -> ByteBuffer?
  /// No effect on a call that is over.
  func cancel()
}
