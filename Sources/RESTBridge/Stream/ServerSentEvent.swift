// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One block of an event stream (HTML standard, "Server-sent events").
enum ServerSentEvent {
  /// - Parameters:
  ///   - name: the event's type.
  ///   - id: what a reconnecting client sends as `Last-Event-ID`; nil leaves the last one standing.
  ///   - data: one line: JSON without line breaks.
  static func event(_ name: StaticString, id: Int64? = nil, data: [UInt8]) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(data.count + 64)
    buffer.writeString("event: \(name)\n")
    if let id { buffer.writeString("id: \(id)\n") }
    buffer.writeString("data: ")
    buffer.writeBytes(data)
    buffer.writeString("\n\n")
    return buffer
  }

  /// A line that clients ignore.
  static let keepAlive = ByteBuffer(string: ": keep-alive\n\n")

  /// How long clients shall wait before they reconnect.
  static func retry(after delay: Duration) -> ByteBuffer {
    let (seconds, attoseconds) = delay.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    return ByteBuffer(string: "retry: \(milliseconds)\n\n")
  }
}
