// SPDX-License-Identifier: Apache-2.0

/// Where a streaming caller puts its request messages.
public struct RequestWriter: Sendable {
  private let sink: any RequestSink

  init(sink: any RequestSink) {
    self.sink = sink
  }

  /// Sends one message; suspends while the server, or the limit on pending output, takes no more.
  /// - Throws: `.cancelled` when the call is over; the response stream says how it ended.
  public func write(_ message: MessageFrame) async throws(RPCError) {
    try await sink.writeRequest(message)
  }

  /// Says that there are no more messages. No effect when the call is over.
  public func finish() async {
    await sink.finishRequests()
  }
}

/// The transport's end of a ``RequestWriter``.
protocol RequestSink: AnyObject, Sendable {
  func writeRequest(_ message: MessageFrame) async throws(RPCError)
  func finishRequests() async
}
