// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import Synchronization

/// From an accepted socket to a pipeline that serves calls. Everything here runs on the channel's loop.
extension RPCServer {
  /// Admits a connection.
  /// - Throws: when there are too many, which closes the channel.
  func accept(_ channel: any Channel, _ security: ListenerConfiguration.Security) throws {
    let id = ObjectIdentifier(channel)
    let isAdmitted = state.withLock { state in
      guard !state.isStopping, state.connections.count < limits.maxConnections else { return false }
      state.connections[id] = channel
      return true
    }
    guard isAdmitted else { throw Refusal.tooManyConnections }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { $0.connections[id] = nil }
    }
    switch security {
    case .cleartext:
      let sniffer = ProtocolSniffer(timeout: limits.prefaceTimeout) { spoken, timeLeft in
        var limits = self.limits
        limits.prefaceTimeout = timeLeft
        try self.serve(channel, spoken, limits, scheme: "http", to: nil)
      }
      try channel.pipeline.syncOperations.addHandler(sniffer)
    case .tls(let tls): try shakeHands(channel, tls)
    }
  }

  /// Makes the pipeline for what a connection speaks: the one place for it.
  /// - Parameter identity: who the client proved to be.
  private func serve(
    _ channel: any Channel, _ spoken: ApplicationProtocol, _ limits: ServerLimits, scheme: String,
    to identity: PeerIdentity?
  ) throws {
    let pipeline = channel.pipeline.syncOperations
    switch spoken {
    case .http2:
      try pipeline.addHandler(
        ServerConnection(
          router: router, limits: limits, origins: origins, loop: channel.eventLoop,
          logger: logger, openStreams: openStreams, peerIdentity: identity))
    case .http1:
      try HTTP1Connection(
        router: router, limits: limits, origins: origins, scheme: scheme,
        loop: channel.eventLoop, logger: logger, openStreams: openStreams, peerIdentity: identity
      ).add(to: pipeline)
    }
  }

  private func shakeHands(_ channel: any Channel, _ tls: ServerTLS) throws {
    let isAdmitted = state.withLock { state in
      guard state.handshakes < limits.maxHandshakes else { return false }
      state.handshakes += 1
      return true
    }
    guard isAdmitted else { throw Refusal.tooManyHandshakes }
    let handshake = TLSHandshakeHandler(
      timeout: limits.handshakeTimeout, logger: logger,
      completed: { spoken, identity in
        guard let spoken else { throw Refusal.noCommonProtocol }
        try self.serve(channel, spoken, self.limits, scheme: "https", to: identity)
      },
      ended: { self.state.withLock { $0.handshakes -= 1 } })
    do {
      try channel.pipeline.syncOperations.addHandlers([
        NIOSSLServerHandler(context: tls.context), handshake,
      ])
    } catch {
      state.withLock { $0.handshakes -= 1 }
      throw error
    }
  }

  /// Why a connection is closed before it serves anything.
  private enum Refusal: Error {
    case tooManyConnections
    case tooManyHandshakes
    /// The client knows no ALPN, or wants only what is not served here (RFC 9113 §3.2).
    case noCommonProtocol
  }
}
