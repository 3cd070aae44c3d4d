// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("When a client connects")
struct ConnectingTests {
  @Test(
    "waits grow by 1.6 from 1 s to 120 s, and by chance",
    arguments: [(1, 1.0), (2, 1.6), (3, 2.56), (11, 109.95), (12, 120.0), (1_000_000, 120.0)])
  func backoff(failures: Int, seconds: Double) {
    let backoff = ConnectionBackoff()
    for (chance, factor) in [(0.0, 0.8), (0.5, 1.0), (0.999999, 1.2)] {
      let delay = Double(backoff.delay(after: failures, chance: chance).nanoseconds) / 1e9
      #expect(abs(delay - seconds * factor) < 0.01)
    }
  }

  private static func machine(_ addresses: Int = 2) -> SubchannelStateMachine {
    SubchannelStateMachine(addressCount: addresses, backoff: ConnectionBackoff())
  }

  private static func at(_ seconds: Int64) -> NIODeadline {
    .uptimeNanoseconds(0) + .seconds(seconds + 1000)
  }

  @Test("addresses are tried in order, then there is a wait from the beginning of the attempt")
  func pass() {
    var machine = Self.machine()
    #expect(machine.connectivity == .idle)
    #expect(
      machine.connectRequested(at: Self.at(0)) == .connect(address: 0, timeout: .seconds(20)))
    #expect(machine.connectivity == .connecting)
    #expect(machine.connectRequested(at: Self.at(0)) == .none)
    #expect(
      machine.connectFailed(at: Self.at(0), chance: 0.5)
        == .connect(address: 1, timeout: .seconds(20)))
    #expect(machine.connectivity == .connecting)
    #expect(machine.connectFailed(at: Self.at(0), chance: 0.5) == .pause(.seconds(1)))
    #expect(machine.connectivity == .transientFailure)
    #expect(
      machine.pauseEnded(at: Self.at(1)) == .connect(address: 0, timeout: .seconds(20)))
    // Still failing, until there is a connection.
    #expect(machine.connectivity == .transientFailure)
    _ = machine.connectFailed(at: Self.at(2), chance: 0.5)
    // 1.6 s, but the attempt took longer than that.
    #expect(machine.connectFailed(at: Self.at(20), chance: 0.5) == .pause(.zero))
    _ = machine.pauseEnded(at: Self.at(20))
    machine.connected(at: Self.at(21))
    #expect(machine.connectivity == .ready)
  }

  @Test("a lost connection is replaced at once when it was of use")
  func useful() {
    var machine = Self.machine()
    _ = machine.connectRequested(at: Self.at(0))
    for second in 1..<10 as Range<Int64> {
      machine.connected(at: Self.at(second))
      #expect(
        machine.connectionEnded(
          wasUseful: true, reconnects: true, at: Self.at(second), chance: 0.5)
          == .connect(address: 0, timeout: .seconds(20)))
      #expect(machine.connectivity == .connecting)
    }
  }

  @Test("a server that drops connections as it takes them is not hammered")
  func useless() {
    var machine = Self.machine(1)
    _ = machine.connectRequested(at: Self.at(0))
    machine.connected(at: Self.at(0))
    func lose() -> SubchannelStateMachine.Step {
      machine.connectionEnded(wasUseful: false, reconnects: true, at: Self.at(0), chance: 0.5)
    }
    #expect(lose() == .connect(address: 0, timeout: .seconds(20)))
    machine.connected(at: Self.at(0))
    #expect(lose() == .pause(.seconds(1)))
    // Calls wait for it.
    #expect(machine.connectivity == .connecting)
    _ = machine.pauseEnded(at: Self.at(0))
    machine.connected(at: Self.at(0))
    #expect(lose() == .pause(.milliseconds(1600)))
  }

  @Test("what was not asked for does nothing")
  func ignored() {
    var machine = Self.machine()
    #expect(machine.pauseEnded(at: Self.at(0)) == .none)
    #expect(machine.connectFailed(at: Self.at(0), chance: 0) == .none)
    #expect(
      machine.connectionEnded(wasUseful: true, reconnects: true, at: Self.at(0), chance: 0)
        == .none)
    machine.connected(at: Self.at(0))
    #expect(machine.connectivity == .idle)
    _ = machine.connectRequested(at: Self.at(0))
    machine.connected(at: Self.at(0))
    #expect(
      machine.connectionEnded(wasUseful: true, reconnects: false, at: Self.at(0), chance: 0)
        == .none)
    #expect(machine.connectivity == .idle)
    machine.close()
    #expect(machine.connectRequested(at: Self.at(0)) == .none)
    #expect(machine.connectivity == .shutdown)
  }

  @Test("keepalive asks after silence and gives up without an answer")
  func keepalive() {
    let settings = ClientKeepalive(time: .seconds(10), timeout: .seconds(5))
    var machine = KeepaliveStateMachine(settings, at: Self.at(0))
    #expect(machine.timerFired(hasCalls: true, at: Self.at(9)) == .look(after: .seconds(1)))
    // Without a call there is nothing to ask for.
    #expect(machine.timerFired(hasCalls: false, at: Self.at(10)) == .look(after: .seconds(10)))
    #expect(machine.timerFired(hasCalls: true, at: Self.at(20)) == .ping(lookAfter: .seconds(5)))
    machine.received(at: Self.at(22))
    #expect(machine.timerFired(hasCalls: true, at: Self.at(25)) == .look(after: .seconds(7)))
    #expect(machine.timerFired(hasCalls: true, at: Self.at(32)) == .ping(lookAfter: .seconds(5)))
    #expect(machine.timerFired(hasCalls: true, at: Self.at(36)) == .look(after: .seconds(1)))
    #expect(machine.timerFired(hasCalls: true, at: Self.at(37)) == .close)
  }

  @Test("keepalive never asks more often than every 10 s, and less often when told to be calm")
  func keepaliveLimit() {
    #expect(ClientKeepalive(time: .seconds(9)).time == .seconds(10))
    #expect(ClientKeepalive(time: .seconds(10)).time == .seconds(10))
    #expect(ClientKeepalive(time: .seconds(11)).time == .seconds(11))
    #expect(ClientKeepalive(time: .seconds(11)).slower.time == .seconds(22))
  }

  @Test("targets are understood as gRPC writes them")
  func targets() {
    typealias Endpoint = ClientTarget.Endpoint
    let right: [(String, [Endpoint])] = [
      ("localhost:50051", [.host("localhost", port: 50051)]),
      ("dns:a.example:1", [.host("a.example", port: 1)]),
      ("dns:///a.example:1", [.host("a.example", port: 1)]),
      ("ipv4:10.0.0.1:1,10.0.0.2:2", [.host("10.0.0.1", port: 1), .host("10.0.0.2", port: 2)]),
      ("ipv6:[::1]:50051", [.host("::1", port: 50051)]),
      ("[::1]:1,a:2", [.host("::1", port: 1), .host("a", port: 2)]),
      ("unix:relative.sock", [.unixSocket(path: "relative.sock")]),
      ("unix:///run/x.sock", [.unixSocket(path: "/run/x.sock")]),
      ("unix:/run/x.sock", [.unixSocket(path: "/run/x.sock")]),
    ]
    for (text, endpoints) in right { #expect(ClientTarget(text)?.endpoints == endpoints) }
    let wrong = [
      "", "a", "a:", ":1", "a:b", "a:65536", "a:1,", "::1:50051", "http://a:1", "unix:", "a:-1",
    ]
    for text in wrong { #expect(ClientTarget(text) == nil, "\(text)") }
    #expect(Endpoint.host("::1", port: 1).authority == "[::1]:1")
    #expect(Endpoint.unixSocket(path: "/x").authority == "localhost")
  }

  @Test("a name may have several addresses; an unknown one is an error that says so")
  func resolving() throws {
    let found = try HostResolver.addresses(of: [
      .host("localhost", port: 1), .host("127.0.0.1", port: 1), .host("127.0.0.1", port: 1),
      .unixSocket(path: "/x"),
    ])
    #expect(found.contains { $0.serverName == "localhost" && $0.socket.port == 1 })
    #expect(found.count { $0.authority == "127.0.0.1:1" } == 1)
    #expect(found.last?.socket.pathname == "/x")
    let error = #expect(throws: RPCError.self) {
      try HostResolver.addresses(of: [.host("no-such-host.invalid", port: 1)])
    }
    #expect(error?.message.contains("no-such-host.invalid") == true)
  }
}
