// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// Where a streaming handler sends its messages.
public struct MessageWriter<Message: ProtobufMessage>: Sendable {
  private let writer: ResponseWriter

  /// - Parameter writer: takes the encoded messages.
  public init(_ writer: ResponseWriter) {
    self.writer = writer
  }

  /// Encodes and sends one message; suspends while the peer takes no more.
  /// - Throws: `.cancelled` when the call is over; the handler should return.
  public func write(_ message: Message) async throws(RPCError) {
    try await writer.write(message.frame())
  }

  /// Sends a message that was encoded before, for several calls perhaps; as ``write(_:)`` otherwise.
  /// - Parameter frame: must hold a `Message`.
  public func write(frame: MessageFrame) async throws(RPCError) {
    try await writer.write(frame)
  }
}
