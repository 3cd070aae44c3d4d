// SPDX-License-Identifier: Apache-2.0

/// Where a streaming handler sends its messages.
public struct ResponseWriter: Sendable {
  private let sink: any ResponseSink

  init(sink: any ResponseSink) {
    self.sink = sink
  }

  /// Sends one message; suspends while the peer, or the limit on pending output, takes no more.
  /// - Throws: `.cancelled` when the call is over; the handler should return.
  public func write(_ message: MessageFrame) async throws(RPCError) {
    try await sink.write(message)
  }
}

/// The transport's end of a ``ResponseWriter``.
protocol ResponseSink: AnyObject, Sendable {
  func write(_ message: MessageFrame) async throws(RPCError)
}
