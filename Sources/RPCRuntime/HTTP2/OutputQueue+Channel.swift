// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension OutputQueue {
  /// Most bytes collected before they are handed to the channel.
  static let chunk = 256 * 1024

  /// Hands what the session has to the channel and flushes it, until there is no more or the channel is not
  /// writable. Again when the socket took so much that the channel is writable once more: its event for that
  /// comes while this runs, and the caller must let it pass.
  /// - Returns: how many bytes that were.
  mutating func write(
    from session: borrowing HTTP2Session, to context: ChannelHandlerContext
  ) throws(HTTP2Error) -> Int {
    var total = 0
    var written: Int
    repeat {
      written = 0
      while context.channel.isWritable {
        try session.send(into: &self, limit: Self.chunk)
        if isEmpty { break }
        written += byteCount
        for buffer in buffers { context.write(NIOAny(buffer), promise: nil) }
        removeAll()
      }
      if written > 0 { context.flush() }
      total += written
    } while written > 0
    return total
  }
}
