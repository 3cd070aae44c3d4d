// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a connection speaks.
enum ApplicationProtocol: Hashable, Sendable {
  case http2
  case http1

  /// - Parameter bytes: the first that were received.
  /// - Returns: nil when they do not tell yet.
  init?(firstBytes bytes: some Collection<UInt8>) {
    // RFC 9113 §3.4. HTTP/1.1 begins with a method, in capitals; anything else is for HTTP/2 to refuse.
    let preface = "PRI ".utf8
    if bytes.starts(with: preface) {
      self = .http2
    } else if preface.starts(with: bytes) {
      return nil
    } else if let first = bytes.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) {
      self = .http1
    } else {
      self = .http2
    }
  }
}

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
