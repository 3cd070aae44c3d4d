// SPDX-License-Identifier: Apache-2.0

public import Logging
public import NIOCore
import NIOPosix
import Synchronization

/// Serves a router on as many addresses as wanted, cleartext or TLS, TCP or unix-domain: gRPC and gRPC-Web over
/// HTTP/2 (RFC 9113 §3.3 in cleartext), and gRPC-Web over HTTP/1.1.
public final class RPCServer: Sendable {
  let router: RPCRouter
  let limits: ServerLimits
  let origins: WebOrigins
  let logger: Logger
  let state = Mutex(State())
  private let group: any EventLoopGroup
  let openStreams = OpenStreams()

  struct State {
    fileprivate var listeners: [Listener] = []
    fileprivate var certificateWatch: Task<Void, Never>?
    var connections: [ObjectIdentifier: any Channel] = [:]
    /// How many of the connections are in their TLS handshake.
    var handshakes = 0
    var isStopping = false
  }

  fileprivate struct Listener {
    let channel: any Channel
    let address: ServerAddress
    let security: ListenerConfiguration.Security
    let socketFile: UnixSocketFile?
  }

  /// - Parameters:
  ///   - router: what is served.
  ///   - limits: what a peer may cost.
  ///   - allowedOrigins: pages of which other origins may call by gRPC-Web: `https://app.example.com`.
  ///   - group: event loops; connections are spread over them.
  ///   - logger: gets one line at start and stop and for each certificate read anew, and debug lines per
  ///     connection error.
  public init(
    router: RPCRouter, limits: ServerLimits = ServerLimits(), allowedOrigins: [String] = [],
    group: any EventLoopGroup, logger: Logger
  ) {
    self.router = router
    self.limits = limits
    origins = WebOrigins(allowedOrigins)
    self.group = group
    self.logger = logger
  }

  /// How much is going on at the moment.
  public struct Statistics: Hashable, Sendable {
    /// Connections open.
    public var connections: Int
    /// Calls open on them.
    public var streams: Int
  }

  /// How much is going on at the moment.
  public var statistics: Statistics {
    Statistics(connections: state.withLock { $0.connections.count }, streams: openStreams.count)
  }

  /// Starts listening on one TCP address, in cleartext.
  /// - Parameters:
  ///   - host: address or name to bind.
  ///   - port: 0 picks a free one.
  /// - Returns: the port bound.
  /// - Throws: ``ListenFailure``.
  @discardableResult
  public func start(host: String, port: Int) async throws -> Int {
    let bound = try await start([ListenerConfiguration(.tcp(host: host, port: port))])
    guard case .tcp(_, let port)? = bound.first else { return port }
    return port
  }

  /// Starts listening, everywhere or nowhere.
  /// - Parameter configurations: where, and how bytes travel there.
  /// - Returns: the addresses bound, in the same order.
  /// - Throws: ``ListenFailure`` for the first address that cannot be bound; CancellationError when the
  ///   server is being stopped.
  @discardableResult
  public func start(_ configurations: [ListenerConfiguration]) async throws -> [ServerAddress] {
    var bound: [Listener] = []
    do {
      for configuration in configurations { bound.append(try await listen(configuration)) }
    } catch {
      for listener in bound { await close(listener) }
      throw error
    }
    let isStopping = state.withLock { [bound] state in
      if !state.isStopping { state.listeners += bound }
      return state.isStopping
    }
    if isStopping {
      for listener in bound { await close(listener) }
      throw CancellationError()
    }
    watchCertificates()
    for listener in bound {
      let isTLS = if case .tls = listener.security { true } else { false }
      logger.info(
        "serving gRPC", metadata: ["address": "\(listener.address)", "tls": "\(isTLS)"])
    }
    return bound.map(\.address)
  }

  /// Reads the certificates and keys of all TLS listeners again; running connections keep theirs. A file
  /// that is wrong is logged, and what was in use stays in use.
  public func reloadCertificates() {
    for tls in tlsListeners { reload(tls) }
  }

  /// Stops: no new connections, running calls may finish within ``ServerLimits/drainGrace``.
  public func shutdown() async {
    let (listeners, connections, watch) = state.withLock { state in
      state.isStopping = true
      defer {
        state.listeners = []
        state.certificateWatch = nil
      }
      return (state.listeners, Array(state.connections.values), state.certificateWatch)
    }
    watch?.cancel()
    await watch?.value
    for listener in listeners { await close(listener) }
    for connection in connections {
      connection.pipeline.fireUserInboundEventTriggered(ServerConnection.Drain())
    }
    for connection in connections { await waitForClose(of: connection) }
    logger.info("stopped serving gRPC")
  }

  // MARK: Listeners

  private func listen(_ configuration: ListenerConfiguration) async throws -> Listener {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(ChannelOptions.backlog, value: 1024)
      .childChannelOption(
        ChannelOptions.writeBufferWaterMark,
        value: .init(
          low: limits.maxPendingBytesPerConnection / 4, high: limits.maxPendingBytesPerConnection)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try self.accept(channel, configuration.security)
        }
      }
    do {
      switch configuration.address {
      case .tcp(let host, let port):
        let channel =
          try await bootstrap
          .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
          .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
          .bind(host: host, port: port).get()
        let bound = ServerAddress.tcp(host: host, port: channel.localAddress?.port ?? port)
        return Listener(
          channel: channel, address: bound, security: configuration.security, socketFile: nil)
      case .unix(let path):
        let (socket, file) = try UnixSocketFile.bind(
          path, permissions: configuration.unixPermissions)
        let channel = try await bootstrap.withBoundSocket(socket).get()
        return Listener(
          channel: channel, address: configuration.address, security: configuration.security,
          socketFile: file)
      }
    } catch {
      throw ListenFailure(address: configuration.address, cause: error)
    }
  }

  private func close(_ listener: Listener) async {
    listener.socketFile?.remove()
    listener.channel.close(promise: nil)
    await waitForClose(of: listener.channel)
  }

  private func waitForClose(of channel: any Channel) async {
    do {
      try await channel.closeFuture.get()
    } catch {
      logger.debug("channel closed with an error", metadata: ["error": "\(error)"])
    }
  }

  // MARK: Certificates

  private var tlsListeners: [ServerTLS] {
    state.withLock { state in
      state.listeners.compactMap { listener in
        if case .tls(let tls) = listener.security { tls } else { nil }
      }
    }
  }

  private func watchCertificates() {
    guard !tlsListeners.isEmpty else { return }
    state.withLock { state in
      guard state.certificateWatch == nil, !state.isStopping else { return }
      state.certificateWatch = Task { await self.reloadChangedCertificates() }
    }
  }

  private func reloadChangedCertificates() async {
    do {
      while true {
        try await Task.sleep(for: .nanoseconds(limits.certificateCheckInterval.nanoseconds))
        for tls in tlsListeners where tls.hasChangedFiles { reload(tls) }
      }
    } catch {
      // Cancelled: the server stops.
    }
  }

  private func reload(_ tls: ServerTLS) {
    let file = tls.configuration.certificateChainFile
    do throws(ServerTLSError) {
      try tls.reload()
      logger.notice("read the certificate anew", metadata: ["file": "\(file)"])
    } catch {
      logger.error(
        "cannot read the certificate anew; the old one stays in use",
        metadata: ["error": "\(error)"])
    }
  }
}
