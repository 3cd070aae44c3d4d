// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import NIOPosix

/// A client's channel to one or several servers that serve the same: connects when the first call comes, and
/// again when a connection is lost, spreads calls over the servers, and sends a call again where that is safe.
///
/// All of a client's connections live on one event loop. A client that is dropped closes when its last call
/// has ended.
///
/// An interceptor of calls is another ``RPCChannel`` around this one: it forwards the three kinds of call, with
/// other options, other messages, or an answer of its own.
public final class RPCClient: RPCChannel {
  private let configuration: ClientConfiguration
  private let loop: any EventLoop
  private let balancer: NIOLoopBoundBox<LoadBalancer>
  private let monitor = ConnectivityMonitor()

  /// Does not connect yet.
  /// - Parameters:
  ///   - target: where the servers are.
  ///   - configuration: everything else.
  ///   - group: one of its loops is the client's.
  /// - Throws: FAILED_PRECONDITION when TLS is asked for and its files cannot be used.
  public init(
    _ target: ClientTarget, _ configuration: ClientConfiguration = ClientConfiguration(),
    group: any EventLoopGroup
  ) throws(RPCError) {
    self.configuration = configuration
    loop = group.next()
    let connector = try ClientConnector(configuration, loop: loop)
    balancer = NIOLoopBoundBox.makeBoxSendingValue(
      LoadBalancer(target, configuration, connector, monitor), eventLoop: loop)
  }

  /// As ``init(_:_:group:)``, on an event loop of those that NIO keeps for the whole process.
  /// - Parameters:
  ///   - target: where the servers are.
  ///   - configuration: everything else.
  /// - Throws: FAILED_PRECONDITION when TLS is asked for and its files cannot be used.
  public convenience init(
    _ target: ClientTarget, _ configuration: ClientConfiguration = ClientConfiguration()
  ) throws(RPCError) {
    try self.init(target, configuration, group: MultiThreadedEventLoopGroup.singleton)
  }

  deinit {
    let balancer = balancer
    loop.execute {
      balancer.value.close(grace: .zero, balancer.value.loop.makePromise())
    }
  }

  /// How the client stands with its servers.
  public var state: ConnectivityState { monitor.current }

  /// ``state`` now and after each change; a slow reader gets the latest. Ends after `shutdown`.
  public func states() -> AsyncStream<ConnectivityState> { monitor.states() }

  /// Connects without a call; no effect unless ``state`` is `idle`.
  public func connect() {
    loop.execute { self.balancer.value.connect() }
  }

  /// Ends the client: calls that wait, and new ones, fail with UNAVAILABLE.
  /// - Parameter grace: how long running calls may take to finish; then they fail too.
  public func close(grace: Duration = .zero) async {
    await withCheckedContinuation { continuation in
      loop.execute {
        let closed = self.loop.makePromise(of: Void.self)
        closed.futureResult.whenComplete { _ in continuation.resume() }
        self.balancer.value.close(grace: TimeAmount(grace), closed)
      }
    }
  }

  /// See ``RPCChannel``.
  public func unary(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> UnaryReply {
    try await start(method, request, options).unaryReply()
  }

  /// See ``RPCChannel``.
  public func serverStreaming(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> ResponseStream {
    start(method, request, options).responses
  }

  /// See ``RPCChannel``.
  public func open(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> StreamingCall {
    start(method, nil, options).streamingCall
  }

  /// - Parameter request: the only message; nil: messages follow.
  private func start(
    _ method: MethodDescriptor, _ request: MessageFrame?, _ options: CallOptions
  ) -> ClientStream {
    let call = ClientStream(
      method: method, options: options, config: configuration.service.config(for: method),
      limits: configuration.limits, loop: loop)
    let framed = request.map { call.framed($0) }
    loop.execute {
      let balancer = self.balancer.value
      call.begin(framed, balancer: balancer, keeping: self)
      balancer.send(call)
    }
    return call
  }
}
