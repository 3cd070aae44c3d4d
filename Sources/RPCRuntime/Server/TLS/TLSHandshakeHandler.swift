// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the TLS handler until the handshake is over: bounds how long it may take, and then lets
/// the pipeline be made for what was negotiated.
final class TLSHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let timeout: TimeAmount
  private let logger: Logger
  private let completed: (ApplicationProtocol?, PeerIdentity?) throws -> Void
  private let ended: () -> Void
  private var timer: Scheduled<Void>?

  /// - Parameters:
  ///   - timeout: how long the handshake may take.
  ///   - completed: makes the pipeline behind this handler; gets nil for a protocol that is not known.
  ///   - ended: called once, whichever way the handshake ends.
  init(
    timeout: TimeAmount, logger: Logger,
    completed: @escaping (ApplicationProtocol?, PeerIdentity?) throws -> Void,
    ended: @escaping () -> Void
  ) {
    self.timeout = timeout
    self.logger = logger
    self.completed = completed
    self.ended = ended
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
      self.logger.debug("TLS handshake takes too long")
      context.channel.close(mode: .all, promise: nil)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    ended()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted(let name): complete(context, name)
    case is ServerConnection.Drain: context.close(promise: nil)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.debug(
      "TLS handshake failed",
      metadata: ["error": "\(error)", "peer": "\(context.remoteAddress?.description ?? "unix")"])
    context.close(promise: nil)
  }

  private func complete(_ context: ChannelHandlerContext, _ name: String?) {
    let pipeline = context.pipeline.syncOperations
    do {
      let certificate = try pipeline.nioSSL_peerCertificate()
      try completed(
        name.flatMap(ApplicationProtocol.init(rawValue:)), certificate.map { PeerIdentity($0) })
      pipeline.removeHandler(self, promise: nil)
    } catch {
      logger.debug("connection refused", metadata: ["error": "\(error)"])
      context.close(promise: nil)
    }
  }
}
