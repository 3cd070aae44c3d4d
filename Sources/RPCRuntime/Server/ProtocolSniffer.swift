// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Waits for the first bytes of a cleartext connection, and makes place for the handlers of what they are.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let timeout: TimeAmount
  private let decided: (ApplicationProtocol, TimeAmount) throws -> Void
  private var deadline = NIODeadline.distantFuture
  private var received = ByteBuffer()
  private var isDecided = false
  private var timer: Scheduled<Void>?

  /// - Parameters:
  ///   - timeout: how long the first bytes may take; then the connection is treated as HTTP/2, which says
  ///     what it misses.
  ///   - decided: adds handlers at the end of the pipeline; gets what is left of the time.
  init(
    timeout: TimeAmount, _ decided: @escaping (ApplicationProtocol, TimeAmount) throws -> Void
  ) {
    self.timeout = timeout
    self.decided = decided
  }

  func handlerAdded(context: ChannelHandlerContext) {
    deadline = .now() + timeout
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.decide(.http2, context)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDecided else { return context.fireChannelRead(data) }
    received.writeImmutableBuffer(unwrapInboundIn(data))
    guard let spoken = ApplicationProtocol(firstBytes: received.readableBytesView) else { return }
    decide(spoken, context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ServerConnection.Drain, !isDecided {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  private func decide(_ spoken: ApplicationProtocol, _ context: ChannelHandlerContext) {
    guard !isDecided, context.channel.isActive else { return }
    isDecided = true
    timer?.cancel()
    do {
      try decided(spoken, max(.zero, deadline - .now()))
    } catch {
      context.fireErrorCaught(error)
      return context.close(promise: nil)
    }
    if received.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(received))
    }
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }
}
