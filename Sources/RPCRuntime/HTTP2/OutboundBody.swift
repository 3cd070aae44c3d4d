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

  private var buffers = CircularBuffer<ByteBuffer>(initialCapacity: 2)
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
    buffers.append(buffer)
    queuedBytes += buffer.readableBytes
  }

  /// Drops all that was not sent.
  func discard() {
    buffers.removeAll()
    queuedBytes = 0
  }

  /// Hands out exactly `length` bytes, which must be queued: small pieces are copied behind what `output`
  /// ends with, large ones are passed on as they are.
  func move(_ length: Int, to output: inout OutputQueue) {
    var left = length
    while left > 0, var first = buffers.popFirst() {
      let piece = min(left, first.readableBytes)
      if piece == first.readableBytes {
        output.append(first)
      } else if let slice = first.readSlice(length: piece) {
        output.append(slice)
        buffers.prepend(first)
      }
      left -= piece
    }
    queuedBytes -= length - left
  }
}

/// Bytes on their way to the socket, in order.
struct OutputQueue {
  /// From this size on, a buffer is written as it is instead of being copied behind the previous one.
  private static let shareFrom = 4096

  private(set) var buffers: [ByteBuffer] = []
  private(set) var byteCount = 0
  /// True when the last buffer is this queue's own, to be appended to.
  private var lastIsOwn = false

  var isEmpty: Bool { byteCount == 0 }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    withOwnBuffer { unsafe $0.writeBytes(bytes) }
    byteCount += bytes.count
  }

  mutating func append(_ buffer: ByteBuffer) {
    byteCount += buffer.readableBytes
    if buffer.readableBytes >= Self.shareFrom {
      buffers.append(buffer)
      lastIsOwn = false
    } else {
      withOwnBuffer { $0.writeImmutableBuffer(buffer) }
    }
  }

  mutating func removeAll() {
    buffers.removeAll(keepingCapacity: true)
    byteCount = 0
    lastIsOwn = false
  }

  private mutating func withOwnBuffer(_ body: (inout ByteBuffer) -> Void) {
    if !lastIsOwn {
      var buffer = ByteBuffer()
      buffer.reserveCapacity(2048)
      buffers.append(buffer)
      lastIsOwn = true
    }
    body(&buffers[buffers.count - 1])
  }
}
