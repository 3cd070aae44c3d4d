// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// The request messages of a call whose caller streams, for one consumer. Ends when the caller is done and
/// throws when the call is over before that.
public struct RequestMessages<Message: ProtobufMessage>: AsyncSequence, Sendable {
  /// A decoded message.
  public typealias Element = Message
  /// `.cancelled`, what was wrong with the request, or `.invalidArgument` for a message that is not a
  /// `Message`.
  public typealias Failure = RPCError

  private let requests: RequestStream

  /// - Parameter requests: the encoded messages.
  public init(_ requests: RequestStream) {
    self.requests = requests
  }

  /// Reads the messages. Call it once.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(requests: requests.makeAsyncIterator())
  }

  /// Pulls one message after the other; flow-control credit returns as they are read.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private var requests: RequestStream.AsyncIterator

    fileprivate init(requests: RequestStream.AsyncIterator) {
      self.requests = requests
    }

    /// - Returns: the next message; nil when the caller has sent its last one.
    public mutating func next() async throws(RPCError) -> Message? {
      guard let bytes = try await requests.next() else { return nil }
      return try Message(request: bytes)
    }

    /// As ``next()``.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(RPCError) -> Message? {
      guard let bytes = try await requests.next(isolation: actor) else { return nil }
      return try Message(request: bytes)
    }
  }
}
