// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a stream still has to send: shared buffers in order, then the end.
///
/// nghttp2 pulls from it as the flow-control windows allow, so a peer that does not read leaves the bytes
/// here, and `queuedBytes` is what the writer's back-pressure looks at.
final class OutboundBody {
  enum End {
    case open
    /// END_STREAM on the last DATA frame (requests).
    case endStream
    /// A trailing HEADERS frame carries END_STREAM (responses).
    case trailers(HeaderList)
  }

  /// A unary response is one buffer: no queue is allocated for it.
  private var first: ByteBuffer?
  private var others = CircularBuffer<ByteBuffer>?.none
  private(set) var queuedBytes = 0
  var end = End.open
  /// True while nghttp2 was told to ask again only after `resume`.
  var isDeferred = false
  /// Who waits for `queuedBytes` to sink; told false when the stream is over.
  private var writer: CheckedContinuation<Bool, Never>?

  var hasWriter: Bool { writer != nil }

  /// Keeps the writer until ``resumeWriter(_:)``.
  func suspend(_ writer: CheckedContinuation<Bool, Never>) {
    resumeWriter(false)
    self.writer = writer
  }

  func resumeWriter(_ goesOn: Bool) {
    writer?.resume(returning: goesOn)
    writer = nil
  }

  func append(_ buffer: ByteBuffer) {
    guard buffer.readableBytes > 0 else { return }
    queuedBytes += buffer.readableBytes
    if first == nil {
      first = buffer
    } else if others == nil {
      others = [buffer]
    } else {
      others?.append(buffer)
    }
  }

  /// Drops all that was not sent.
  func discard() {
    first = nil
    others = nil
    queuedBytes = 0
  }

  /// Hands out exactly `length` bytes, which must be queued: small pieces are copied behind what `output`
  /// ends with, large ones are passed on as they are.
  func move(_ length: Int, to output: inout OutputQueue) {
    var left = length
    while left > 0, var buffer = first {
      let piece = min(left, buffer.readableBytes)
      if piece == buffer.readableBytes {
        output.append(buffer)
        first = others?.popFirst()
      } else if let slice = buffer.readSlice(length: piece) {
        output.append(slice)
        first = buffer
      }
      left -= piece
    }
    queuedBytes -= length - left
  }
}
