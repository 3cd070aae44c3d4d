// SPDX-License-Identifier: Apache-2.0

/// Where a streaming handler sends its messages.
public struct ResponseWriter: Sendable {
  private let sink: any ResponseSink
  /// Where messages are counted, if they are.
  private let counter: ServerContext?

  init(sink: any ResponseSink, counter: ServerContext? = nil) {
    self.sink = sink
    self.counter = counter
  }

  /// The same, counting what is written.
  func counted(in context: ServerContext) -> ResponseWriter {
    ResponseWriter(sink: sink, counter: context)
  }

  /// Sends one message; suspends while the peer, or the limit on pending output, takes no more.
  /// - Throws: `.cancelled` when the call is over; the handler should return.
  public func write(_ message: MessageFrame) async throws(RPCError) {
    try await sink.write(message)
    counter?.countSent()
  }
}

/// The transport's end of a ``ResponseWriter``.
protocol ResponseSink: AnyObject, Sendable {
  func write(_ message: MessageFrame) async throws(RPCError)
}
