// SPDX-License-Identifier: Apache-2.0

public import Logging
public import NIOCore
import NIOPosix
import Synchronization

/// Serves a router over HTTP/2 cleartext with prior knowledge (RFC 9113 §3.3).
public final class RPCServer: Sendable {
  private let router: RPCRouter
  private let limits: ServerLimits
  private let group: any EventLoopGroup
  private let logger: Logger
  private let state = Mutex(State())
  private let streams = OpenStreams()

  private struct State {
    var listener: (any Channel)?
    var connections: [ObjectIdentifier: any Channel] = [:]
    var isStopping = false
  }

  /// - Parameters:
  ///   - router: what is served.
  ///   - limits: what a peer may cost.
  ///   - group: event loops; connections are spread over them.
  ///   - logger: gets one line at start and stop, and debug lines per connection error.
  public init(
    router: RPCRouter, limits: ServerLimits = ServerLimits(), group: any EventLoopGroup,
    logger: Logger
  ) {
    self.router = router
    self.limits = limits
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
    Statistics(connections: state.withLock { $0.connections.count }, streams: streams.count)
  }

  /// Starts listening.
  /// - Parameters:
  ///   - host: address or name to bind.
  ///   - port: 0 picks a free one.
  /// - Returns: the port bound.
  /// - Throws: what the system says when it cannot be bound.
  @discardableResult
  public func start(host: String, port: Int) async throws -> Int {
    let listener = try await ServerBootstrap(group: group)
      .serverChannelOption(ChannelOptions.backlog, value: 1024)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(
        ChannelOptions.writeBufferWaterMark,
        value: .init(
          low: limits.maxPendingBytesPerConnection / 4, high: limits.maxPendingBytesPerConnection)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
      }
      .bind(host: host, port: port).get()
    state.withLock { $0.listener = listener }
    let bound = listener.localAddress?.port ?? port
    logger.info("serving gRPC", metadata: ["host": "\(host)", "port": "\(bound)"])
    return bound
  }

  /// Stops: no new connections, running calls may finish within ``ServerLimits/drainGrace``.
  public func shutdown() async {
    let (listener, connections) = state.withLock { state in
      state.isStopping = true
      defer { state.listener = nil }
      return (state.listener, Array(state.connections.values))
    }
    await close(listener)
    for connection in connections {
      connection.pipeline.fireUserInboundEventTriggered(ServerConnection.Drain())
    }
    for connection in connections { await waitForClose(of: connection) }
    logger.info("stopped serving gRPC")
  }

  private func accept(_ channel: any Channel) throws {
    let id = ObjectIdentifier(channel)
    let isAdmitted = state.withLock { state in
      guard !state.isStopping, state.connections.count < limits.maxConnections else { return false }
      state.connections[id] = channel
      return true
    }
    guard isAdmitted else { throw TooManyConnections() }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { $0.connections[id] = nil }
    }
    let connection = try ServerConnection(
      router: router, limits: limits, loop: channel.eventLoop, logger: logger,
      openStreams: streams)
    try channel.pipeline.syncOperations.addHandler(connection)
  }

  /// Fails the accepted channel, which closes it.
  private struct TooManyConnections: Error {}

  private func close(_ channel: (any Channel)?) async {
    guard let channel else { return }
    channel.close(promise: nil)
    await waitForClose(of: channel)
  }

  private func waitForClose(of channel: any Channel) async {
    do {
      try await channel.closeFuture.get()
    } catch {
      logger.debug("channel closed with an error", metadata: ["error": "\(error)"])
    }
  }
}
