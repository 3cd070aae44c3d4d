// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// The messages of a server-streaming call, for one consumer. Ends when the call ended OK and throws its
/// status otherwise. Dropping it, or cancelling the consuming task, cancels the call.
public struct MessageStream<Message: ProtobufMessage>: AsyncSequence, Sendable {
  /// A decoded message.
  public typealias Element = Message
  /// Statuses other than OK; `.internalError` for a response that is not a `Message`.
  public typealias Failure = RPCError

  private let responses: ResponseStream

  /// - Parameter responses: the encoded messages.
  public init(_ responses: ResponseStream) {
    self.responses = responses
  }

  /// What the server sent beside the messages, as far as it has come: the initial metadata is there with the
  /// first message, the trailing metadata when the stream has ended.
  public func metadata() async -> ResponseMetadata { await responses.metadata() }

  /// Reads the messages. Call it once.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(responses: responses.makeAsyncIterator())
  }

  /// Pulls one message after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private var responses: ResponseStream.AsyncIterator

    fileprivate init(responses: ResponseStream.AsyncIterator) {
      self.responses = responses
    }

    /// - Returns: the next message; nil when the call ended OK.
    public mutating func next() async throws(RPCError) -> Message? {
      do throws(RPCError) {
        guard let bytes = try await responses.next() else { return nil }
        return try Message(response: bytes)
      } catch {
        throw error.withDecodedDetails
      }
    }

    /// As ``next()``.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(RPCError) -> Message? {
      do throws(RPCError) {
        guard let bytes = try await responses.next(isolation: actor) else { return nil }
        return try Message(response: bytes)
      } catch {
        throw error.withDecodedDetails
      }
    }
  }
}
