// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// Where a streaming caller puts its messages.
public struct RequestMessageWriter<Message: ProtobufMessage>: Sendable {
  private let writer: RequestWriter

  /// - Parameter writer: takes the encoded messages.
  public init(_ writer: RequestWriter) {
    self.writer = writer
  }

  /// Encodes and sends one message; suspends while the server takes no more.
  /// - Throws: `.cancelled` when the call is over; the responses say how it ended.
  public func write(_ message: Message) async throws(RPCError) {
    try await writer.write(message.frame())
  }

  /// Says that there are no more messages. No effect when the call is over.
  public func finish() async {
    await writer.finish()
  }
}
