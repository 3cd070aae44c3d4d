// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How either end of a connection writes: once after a burst of reads or of the loop's other work, never
/// within itself; and whose streams wait until the peer has read more.
final class ConnectionWriter {
  private let loop: any EventLoop
  private var output = OutputQueue()
  /// Bodies whose writer waits for the peer to read.
  private var waiting: [OutboundBody] = []
  private var isTurn = false
  private var isScheduled = false
  /// A burst of reads is under way: everything is written at its end.
  var isReading = false
  /// Handed to the channel, in all.
  private(set) var bytesWritten = 0

  init(loop: any EventLoop) {
    self.loop = loop
  }

  /// Has `flush` called soon, once for all who ask until then.
  func schedule(_ flush: @escaping () -> Void) {
    guard !isReading, !isScheduled else { return }
    isScheduled = true
    loop.assumeIsolated().execute {
      self.isScheduled = false
      flush()
    }
  }

  /// Runs `body`, but not within itself: writing makes events that ask to write.
  func turn(_ body: () -> Void) {
    guard !isTurn else { return }
    isTurn = true
    defer { isTurn = false }
    body()
  }

  func write(
    from session: borrowing HTTP2Session, to context: ChannelHandlerContext
  ) throws(HTTP2Error) {
    bytesWritten += try output.write(from: session, to: context)
  }

  /// In the middle of a burst: frees what nghttp2 and the streams hold, as far as one ``write(from:to:)`` takes it.
  func collect(from session: borrowing HTTP2Session) throws(HTTP2Error) {
    try session.send(into: &output, limit: OutputQueue.chunk)
  }

  func isWaiting(_ body: OutboundBody) {
    waiting.append(body)
  }

  func dropWaiting() {
    waiting = []
  }

  /// Lets writers go on whose bodies have sunk to `enough` bytes.
  func resumeWaiting(below enough: Int) {
    guard !waiting.isEmpty else { return }
    waiting.removeAll { body in
      if body.queuedBytes <= enough { body.resumeWriter(true) }
      return !body.hasWriter
    }
  }
}
