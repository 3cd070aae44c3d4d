// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import TrakSenseAPI

/// A stream of responses whose first message is awaited before the HTTP status is chosen.
///
/// Unchecked Sendable because Hummingbird takes bodies as Sendable closures: ``first()`` is called by the
/// route before it returns its response, ``next()`` by the response's body after that, both within the one
/// task that serves the request, or within a child that this task awaits.
final class PeekedStream<Message: ProtobufMessage>: @unchecked Sendable {
  private var iterator: MessageStream<Message>.AsyncIterator

  init(_ stream: MessageStream<Message>) {
    iterator = stream.makeAsyncIterator()
  }

  /// The message that decides about the status.
  func first() async throws(RPCError) -> Message? { try await iterator.next() }

  /// The following messages; nil when the call ended OK.
  func next() async throws(RPCError) -> Message? { try await iterator.next() }
}
