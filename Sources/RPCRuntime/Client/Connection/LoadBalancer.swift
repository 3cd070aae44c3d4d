// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Everything about one client, on its event loop: looks the target up, keeps the connections, and sends
/// each call out on one of them, now or when there is one.
final class LoadBalancer {
  private enum Resolution {
    case never
    case running
    case done(NIODeadline)
    /// Again after a pause.
    case failed(Scheduled<Void>)
  }

  let loop: any EventLoop
  private let target: ClientTarget
  private let configuration: ClientConfiguration
  private let connector: ClientConnector
  private let monitor: ConnectivityMonitor
  private var resolution = Resolution.never
  private var failedResolutions = 0
  private var resolutionError: RPCError?
  private var subchannels: [Subchannel] = []
  private var ready: [ClientConnection] = []
  private var turn = 0
  /// Calls that wait for a connection.
  private let waiting: CallQueue
  /// Calls that wait before they are sent once more.
  private var paused: [ObjectIdentifier: ClientStream] = [:]
  /// All that are open, taking calls or not.
  private var connections: [ObjectIdentifier: ClientConnection] = [:]
  private var throttle: RetryThrottle?
  private var replayBytes = 0
  private(set) var keepalive: ClientKeepalive?
  private var closing: EventLoopPromise<Void>?

  init(
    _ target: ClientTarget, _ configuration: ClientConfiguration, _ connector: ClientConnector,
    _ monitor: ConnectivityMonitor
  ) {
    self.target = target
    self.configuration = configuration
    self.connector = connector
    self.monitor = monitor
    loop = connector.loop
    waiting = CallQueue(limit: configuration.limits.maxWaitingCalls)
    throttle = configuration.service.retryThrottling.map { RetryThrottle($0) }
    keepalive = configuration.keepalive
  }

  // MARK: Calls

  /// Sends a call that has begun, for the first time or again.
  func send(_ call: ClientStream) {
    if call.hasEnded { return }
    guard closing == nil else { return call.fail(Self.closed) }
    if let connection = pick() { return connection.start(call) }
    if monitor.current == .transientFailure, !call.waitsForReady { return call.fail(unavailable) }
    waiting.append(call)
    connect()
  }

  /// - Returns: false when that was the call's last attempt.
  func sendsAgain(
    _ call: ClientStream, after error: RPCError, _ reach: CallRetries.Reach,
    _ pushback: CallRetries.Pushback
  ) -> Bool {
    guard closing == nil, reach == .unsent || call.canBeReplayed else { return false }
    let decision = call.retries.attemptFailed(
      error.code, reach, pushback, throttle: &throttle, chance: Double.random(in: 0..<1))
    guard case .again(let delay) = decision else { return false }
    if reach != .unsent { call.rewind() }
    paused[ObjectIdentifier(call)] = call
    // Never from here: what failed may be in the middle of telling all of its calls.
    call.isPausing(
      loop.assumeIsolated().scheduleTask(in: delay) {
        call.pauseEnded()
        self.send(call)
      })
    return true
  }

  /// A call is no longer paused.
  func resumed(_ call: ClientStream) {
    paused[ObjectIdentifier(call)] = nil
  }

  func succeeded() {
    throttle?.succeeded()
  }

  /// Claims memory to keep a request message in.
  /// - Parameter kept: what the call has already.
  func mayKeep(_ count: Int, beside kept: Int) -> Bool {
    guard kept + count <= configuration.limits.maxReplayBytesPerCall,
      replayBytes + count <= configuration.limits.maxReplayBytes
    else { return false }
    replayBytes += count
    return true
  }

  func forgot(_ count: Int) {
    replayBytes -= count
  }

  /// For calls that wait for a connection.
  var deadlineExceeded: RPCError {
    RPCError(
      .deadlineExceeded,
      lastError.map { "deadline exceeded while waiting for a connection: \($0.message)" }
        ?? "deadline exceeded while waiting for a connection")
  }

  // MARK: Connecting

  /// Begins where nothing is under way.
  func connect() {
    guard closing == nil else { return }
    if case .never = resolution { resolve() }
    for subchannel in subchannels { subchannel.connect() }
  }

  func opened(_ connection: ClientConnection) {
    let id = ObjectIdentifier(connection)
    connections[id] = connection
    connection.whenClosed = {
      self.connections[id] = nil
      if self.connections.isEmpty { self.closing?.succeed(()) }
    }
  }

  /// A subchannel's state is another.
  func subchannelChanged(addressesMayHave: Bool = false) {
    if addressesMayHave { resolveAgain() }
    update()
  }

  func slowKeepalive() {
    keepalive = keepalive?.slower
  }

  /// Ends all calls but those that run, and those too when `grace` is over.
  func close(grace: TimeAmount, _ closed: EventLoopPromise<Void>) {
    if let closing { return closing.futureResult.cascade(to: closed) }
    closing = closed
    if case .failed(let timer) = resolution { timer.cancel() }
    for subchannel in subchannels { subchannel.close() }
    subchannels = []
    ready = []
    for call in waiting.popAll() + Array(paused.values) { call.fail(Self.closed) }
    monitor.publish(.shutdown)
    guard !connections.isEmpty else { return closed.succeed(()) }
    let timer = loop.assumeIsolated().scheduleTask(in: grace) {
      for connection in self.connections.values { connection.fail(Self.closed) }
    }
    closed.futureResult.whenComplete { _ in timer.cancel() }
  }

  // MARK: Inside

  private static let closed = RPCError(.unavailable, "the client is closed")

  private var unavailable: RPCError {
    lastError ?? RPCError(.unavailable, "no server can be reached")
  }

  private var lastError: RPCError? {
    resolutionError ?? subchannels.lazy.compactMap { $0.lastError }.last
  }

  private func pick() -> ClientConnection? {
    guard !ready.isEmpty else { return nil }
    // A connection that was closed for being idle is wanted again.
    if ready.count < subchannels.count { connect() }
    guard !ready.isEmpty else { return nil }
    turn = (turn + 1) % ready.count
    return ready[turn]
  }

  private func update() {
    guard closing == nil else { return }
    ready = subchannels.compactMap { $0.readyConnection }
    let state = state()
    monitor.publish(state)
    switch state {
    case .ready:
      for call in waiting.popAll() { send(call) }
    case .transientFailure:
      let error = unavailable
      for call in waiting.popAll() {
        if call.waitsForReady { waiting.append(call) } else { call.fail(error) }
      }
    case .idle where waiting.count > 0: connect()
    case .idle, .connecting, .shutdown: break
    }
  }

  /// gRPC "Connectivity Semantics": the best of the subchannels'.
  private func state() -> ConnectivityState {
    if !ready.isEmpty { return .ready }
    if subchannels.isEmpty {
      switch resolution {
      case .never: return .idle
      case .running: return failedResolutions > 0 ? .transientFailure : .connecting
      case .done, .failed: return .transientFailure
      }
    }
    let states = subchannels.map(\.state)
    if states.contains(.connecting) { return .connecting }
    return states.contains(.idle) ? .idle : .transientFailure
  }

  // MARK: Looking the target up

  private func resolveAgain() {
    // What is written as an address stays where it is.
    guard case .done(let time) = resolution,
      .now() - time >= TimeAmount(configuration.minResolutionInterval),
      !target.endpoints.allSatisfy(HostResolver.isLiteral)
    else { return }
    resolve()
  }

  private func resolve() {
    resolution = .running
    let endpoints = target.endpoints
    if endpoints.allSatisfy(HostResolver.isLiteral) {
      return resolved(Result { () throws(RPCError) in try HostResolver.addresses(of: endpoints) })
    }
    typealias Found = Result<[ResolvedAddress], RPCError>
    NIOThreadPool.singleton.runIfActive(eventLoop: loop) { () -> Found in
      Found { () throws(RPCError) in try HostResolver.addresses(of: endpoints) }
    }.assumeIsolated().whenComplete { outcome in
      switch outcome {
      case .success(let found): self.resolved(found)
      case .failure(let error):
        self.resolved(.failure(RPCError(.unavailable, "cannot resolve names: \(error)")))
      }
    }
  }

  private func resolved(_ result: Result<[ResolvedAddress], RPCError>) {
    guard closing == nil else { return }
    switch result {
    case .success(let addresses):
      failedResolutions = 0
      resolutionError = nil
      resolution = .done(.now())
      use(addresses)
    case .failure(let error):
      failedResolutions += 1
      resolutionError = error
      let delay = configuration.backoff.delay(
        after: failedResolutions, chance: Double.random(in: 0..<1))
      resolution = .failed(loop.assumeIsolated().scheduleTask(in: delay) { self.resolve() })
    }
    update()
  }

  /// Subchannels of addresses that are still there stay as they are.
  private func use(_ addresses: [ResolvedAddress]) {
    let wanted =
      switch configuration.loadBalancing {
      case .roundRobin: addresses.map { [$0] }
      case .pickFirst: [addresses]
      }
    let old = subchannels
    subchannels = wanted.map { list in
      old.first { $0.addresses == list }
        ?? Subchannel(list, connector, configuration, balancer: self)
    }
    for subchannel in old where !subchannels.contains(where: { $0 === subchannel }) {
      subchannel.close()
    }
    for subchannel in subchannels { subchannel.connect() }
  }
}
