// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Keeps one connection, to the first of some addresses that answers.
final class Subchannel {
  let addresses: [ResolvedAddress]
  private let connector: ClientConnector
  private let configuration: ClientConfiguration
  private var machine: SubchannelStateMachine
  /// nil once this is closed.
  private var balancer: LoadBalancer?
  /// On its way or ready.
  private var connection: ClientConnection?
  private var timer: Scheduled<Void>?
  /// How the last attempt failed, or the last connection ended.
  private(set) var lastError: RPCError?

  init(
    _ addresses: [ResolvedAddress], _ connector: ClientConnector,
    _ configuration: ClientConfiguration, balancer: LoadBalancer
  ) {
    self.addresses = addresses
    self.connector = connector
    self.configuration = configuration
    self.balancer = balancer
    machine = SubchannelStateMachine(addressCount: addresses.count, backoff: configuration.backoff)
  }

  var state: ConnectivityState { machine.connectivity }

  /// What calls go out on; nil unless ``state`` is ready.
  var readyConnection: ClientConnection? {
    if case .ready = machine.connectivity { connection } else { nil }
  }

  func connect() {
    act(machine.connectRequested(at: .now()))
  }

  /// Takes no new calls; running ones may finish on the connection.
  func close() {
    machine.close()
    balancer = nil
    timer?.cancel()
    connection?.subchannel = nil
    connection?.drain()
    connection = nil
  }

  // MARK: From the connection

  /// It takes no new calls.
  func connectionEnded(_ ended: ClientConnection, _ error: RPCError) {
    guard ended === connection else { return }
    connection = nil
    lastError = error
    let reconnects = configuration.loadBalancing == .roundRobin
    act(
      machine.connectionEnded(
        wasUseful: ended.wasUseful, reconnects: reconnects, at: .now(), chance: chance()))
    balancer?.subchannelChanged(addressesMayHave: true)
  }

  func connectionIsIdle() {
    guard let connection else { return }
    self.connection = nil
    connection.subchannel = nil
    act(
      machine.connectionEnded(wasUseful: true, reconnects: false, at: .now(), chance: chance()))
    connection.drain()
    balancer?.subchannelChanged()
  }

  /// gRPC A8: GOAWAY with ENHANCE_YOUR_CALM means that this client asks too often.
  func serverAsksForCalm() {
    balancer?.slowKeepalive()
  }

  // MARK: Inside

  private func act(_ step: SubchannelStateMachine.Step) {
    switch step {
    case .none: break
    case .pause(let time):
      timer = connector.loop.assumeIsolated().scheduleTask(in: time) {
        self.act(self.machine.pauseEnded(at: .now()))
      }
    case .connect(let index, let timeout):
      connector.connect(to: addresses[index], timeout: timeout) { connection in
        self.connection = connection
        balancer?.opened(connection)
      } whenDone: {
        self.attempted($0)
      }
    }
  }

  private func attempted(_ result: Result<ClientConnection, RPCError>) {
    guard let balancer else { return }
    switch result {
    case .success(let connection):
      machine.connected(at: .now())
      connection.subchannel = self
      connection.watch(balancer.keepalive, idleTimeout: configuration.idleTimeout)
      balancer.subchannelChanged()
    case .failure(let error):
      lastError = error
      connection = nil
      act(machine.connectFailed(at: .now(), chance: chance()))
      balancer.subchannelChanged(addressesMayHave: state == .transientFailure)
    }
  }

  private func chance() -> Double { Double.random(in: 0..<1) }
}
