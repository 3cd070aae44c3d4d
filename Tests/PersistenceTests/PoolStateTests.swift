// SPDX-License-Identifier: Apache-2.0
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("The pool's decisions")
struct PoolStateTests {
  private typealias State = PoolState<Int, String>

  private static func state(connections: Int, waiters: Int = 10) -> State {
    var limits = PoolLimits()
    limits.connections = connections
    limits.waiters = waiters
    return State(limits: limits)
  }

  @Test("n connections are made, the next caller waits", arguments: [1, 2, 6])
  func connectionLimit(connections: Int) {
    var state = Self.state(connections: connections)
    for _ in 0..<connections {
      #expect(state.acquire(at: .zero)?.name == "connect")
      #expect(state.connected().isEmpty)
    }
    #expect(state.acquire(at: .zero) == nil)
    #expect(state.open == connections)
  }

  @Test("as many wait as may, the next is refused at once", arguments: [0, 1, 3])
  func waiterLimit(waiters: Int) {
    var state = Self.state(connections: 1, waiters: waiters)
    _ = state.acquire(at: .zero)
    _ = state.connected()
    for id in 0..<waiters {
      #expect(state.acquire(at: .zero) == nil)
      _ = state.wait("\(id)", id: UInt64(id), from: .zero)
    }
    #expect(state.acquire(at: .zero)?.name == "overloaded")
  }

  @Test("waiters are served first come first served, and nobody overtakes them")
  func order() {
    var state = Self.state(connections: 1)
    _ = state.acquire(at: .zero)
    _ = state.connected()
    _ = state.wait("a", id: 1, from: .zero)
    _ = state.wait("b", id: 2, from: .zero)
    _ = state.wait("c", id: 3, from: .zero)
    #expect(state.remove(id: 2) == "b")
    #expect(state.remove(id: 2) == nil)
    guard case .hand("a") = state.release(7, .good, at: .zero) else {
      Issue.record("the first waiter was passed over")
      return
    }
    #expect(state.acquire(at: .zero) == nil)
    guard case .hand("c") = state.release(7, .good, at: .zero) else {
      Issue.record("the next waiter was passed over")
      return
    }
    guard case .keep = state.release(7, .good, at: .zero) else {
      Issue.record("an idle connection was not kept")
      return
    }
    #expect(state.idle == [7])
  }

  @Test("who has waited too long is taken out of the line, which is watched while anybody waits")
  func expiry() {
    var state = Self.state(connections: 1)
    _ = state.acquire(at: .zero)
    _ = state.connected()
    let longest = PoolLimits().acquireTimeout
    var watches: [Bool] = []
    for (id, start) in [(1, Duration.zero), (2, .seconds(1)), (3, .seconds(1)), (4, .seconds(2))] {
      watches.append(state.wait("\(id)", id: UInt64(id), from: start))
    }
    #expect(watches == [true, false, false, false])
    var (late, next) = state.expire(at: longest - .nanoseconds(1))
    #expect(late.isEmpty && next == longest)
    (late, next) = state.expire(at: longest)
    #expect(late == ["1"] && next == longest + .seconds(1))
    #expect(state.remove(id: 2) == "2")
    (late, next) = state.expire(at: longest + .seconds(1))
    #expect(late == ["3"] && next == longest + .seconds(2))
    guard case .hand("4") = state.release(7, .good, at: .zero) else {
      Issue.record("the last waiter was passed over")
      return
    }
    // Nobody is left: the next who waits has the line watched again.
    (late, next) = state.expire(at: longest + .seconds(2))
    #expect(late.isEmpty && next == nil)
    let isFirst = state.wait("5", id: 5, from: .seconds(9))
    #expect(isFirst)
  }

  @Test("a broken connection is replaced by the waiter who would have got it")
  func replacement() {
    var state = Self.state(connections: 1)
    _ = state.acquire(at: .zero)
    _ = state.connected()
    _ = state.wait("a", id: 1, from: .zero)
    guard case .discardAndReplace("a") = state.release(7, .broken, at: .zero) else {
      Issue.record("the waiter has no connection to wait for any more")
      return
    }
    #expect((state.open, state.connecting) == (1, 1))
  }

  @Test("when no connection can be made, all fail at once until the pause is over; then one tries")
  func databaseDown() {
    var state = Self.state(connections: 3)
    _ = state.acquire(at: .zero)
    _ = state.acquire(at: .zero)
    _ = state.acquire(at: .zero)
    _ = state.wait("a", id: 1, from: .zero)
    #expect(state.connectFailed("down", retryAt: .seconds(1)) == ["a"])
    #expect(state.connectFailed("down", retryAt: .seconds(1)).isEmpty)
    #expect(state.connectFailed("down", retryAt: .seconds(1)).isEmpty)
    #expect(state.open == 0)
    #expect(state.acquire(at: .milliseconds(999))?.name == "unavailable")
    #expect(state.acquire(at: .seconds(1))?.name == "connect")
    // The others wait for the answer of the one who tries, and share it.
    #expect(state.acquire(at: .seconds(1)) == nil)
    _ = state.wait("b", id: 2, from: .zero)
    _ = state.wait("c", id: 3, from: .zero)
    _ = state.wait("d", id: 4, from: .zero)
    #expect(state.connected() == ["b", "c"])
    #expect((state.open, state.connecting, state.waiting) == (3, 2, 1))
  }

  @Test("a failed attempt turns nobody away while a connection works")
  func partlyDown() {
    var state = Self.state(connections: 2)
    _ = state.acquire(at: .zero)
    _ = state.connected()
    _ = state.acquire(at: .zero)
    _ = state.wait("a", id: 1, from: .zero)
    #expect(state.connectFailed("too many", retryAt: .seconds(1)).isEmpty)
    guard case .hand("a") = state.release(7, .good, at: .zero) else {
      Issue.record("the waiter was forgotten")
      return
    }
  }

  @Test("spent connections are replaced one at a time, and serve until it is their turn")
  func spent() {
    var state = Self.state(connections: 2)
    for _ in 0..<2 {
      _ = state.acquire(at: .zero)
      _ = state.connected()
    }
    _ = state.wait("a", id: 1, from: .zero)
    _ = state.wait("b", id: 2, from: .zero)
    guard case .replace = state.release(1, .spent, at: .zero) else {
      Issue.record("a spent connection was kept")
      return
    }
    #expect((state.open, state.connecting) == (2, 1))
    guard case .hand("a") = state.release(2, .spent, at: .zero) else {
      Issue.record("the only connection left was taken away from who waits")
      return
    }
    #expect(state.connected().isEmpty)
    state.replacementEnded()
    guard case .hand("b") = state.release(3, .good, at: .zero) else {
      Issue.record("the new connection was not lent")
      return
    }
    guard case .replace = state.release(2, .spent, at: .zero) else {
      Issue.record("the second one was forgotten")
      return
    }
  }

  @Test("a spent connection is kept while no other can be had, and tried again after the pause")
  func spentWhileDown() {
    var state = Self.state(connections: 2)
    for _ in 0..<2 {
      _ = state.acquire(at: .zero)
      _ = state.connected()
    }
    guard case .replace = state.release(1, .spent, at: .zero) else {
      Issue.record("a spent connection was kept")
      return
    }
    #expect(state.connectFailed("too many", retryAt: .seconds(1)).isEmpty)
    state.replacementEnded()
    #expect(state.open == 1)
    guard case .keep = state.release(2, .spent, at: .milliseconds(999)) else {
      Issue.record("the last connection that works was thrown away")
      return
    }
    #expect(state.acquire(at: .milliseconds(999))?.name == "lease")
    guard case .replace = state.release(2, .spent, at: .seconds(1)) else {
      Issue.record("a spent connection was kept")
      return
    }
  }

  @Test("a closed pool gives nothing, and closes what comes back")
  func closing() {
    var state = Self.state(connections: 2)
    _ = state.acquire(at: .zero)
    _ = state.connected()
    _ = state.acquire(at: .zero)
    _ = state.connected()
    _ = state.release(1, .good, at: .zero)
    _ = state.wait("a", id: 1, from: .zero)
    let closed = state.close()
    #expect(closed.idle == [1])
    #expect(closed.waiters == ["a"])
    #expect(state.open == 1)
    #expect(state.acquire(at: .zero)?.name == "unavailable")
    guard case .discard = state.release(2, .good, at: .zero) else {
      Issue.record("a closed pool kept a connection")
      return
    }
    #expect(state.open == 0)
  }

  @Test("whatever happens in whatever order, nobody waits for nothing", arguments: 0..<50)
  func randomHistory(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let size = Int.random(in: 1...4, using: &generator)
    var state = Self.state(connections: size, waiters: 5)
    var leased = 0
    var isReplacing = false
    var line: [String] = []
    var nextID: UInt64 = 0
    var now: Duration = .zero
    for _ in 0..<500 {
      now += .milliseconds(Int.random(in: 0...50, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0, 1:
        switch state.acquire(at: now) {
        case .lease: leased += 1
        case .connect, .refuse: break
        case nil:
          nextID += 1
          _ = state.wait("\(nextID)", id: nextID, from: .zero)
          line.append("\(nextID)")
        }
      case 2 where state.connecting > 0:
        let told = state.connected()
        leased += 1
        #expect(told == Array(line.prefix(told.count)))
        line.removeFirst(told.count)
      case 3 where state.connecting > 0:
        let told = state.connectFailed("down", retryAt: now + .milliseconds(100))
        #expect(told.isEmpty || told == line)
        if !told.isEmpty { line = [] }
      case 4 where leased > 0:
        let conditions: [State.Condition] = [.good, .good, .spent, .broken]
        let condition = conditions.randomElement(using: &generator) ?? .good
        switch state.release(0, condition, at: now) {
        case .keep, .discard: leased -= 1
        case .replace:
          leased -= 1
          #expect(!isReplacing)
          isReplacing = true
        case .hand(let waiter): #expect(waiter == line.removeFirst())
        case .discardAndReplace(let waiter):
          leased -= 1
          #expect(waiter == line.removeFirst())
        }
      case 5 where isReplacing && Bool.random(using: &generator):
        state.replacementEnded()
        isReplacing = false
      case 5 where !line.isEmpty:
        let waiter = line.remove(at: Int.random(in: 0..<line.count, using: &generator))
        #expect(state.remove(id: UInt64(waiter) ?? 0) == waiter)
      default: break
      }
      #expect(state.open == state.idle.count + state.connecting + leased)
      #expect(state.open <= size)
      #expect(state.waiting == line.count)
      // Who waits, waits for a connection that is out or being made, and not while one lies idle.
      #expect(line.isEmpty || (leased + state.connecting > 0 && state.idle.isEmpty))
    }
  }

  @Test(
    "the pause doubles up to its limit, and chance takes off at most half",
    arguments: [(1, 100), (2, 200), (3, 400), (6, 3_200), (7, 5_000), (1_000, 5_000)])
  func backoff(failures: Int, milliseconds: Int) {
    let limits = PoolLimits()
    #expect(
      limits.backoff(afterFailures: failures, random: 0) == .milliseconds(milliseconds) * 0.5)
    let longest = limits.backoff(afterFailures: failures, random: 0.999_999)
    #expect(longest <= .milliseconds(milliseconds))
    #expect(longest > .milliseconds(milliseconds) * 0.99)
  }
}

extension PoolGrant {
  fileprivate var name: String {
    switch self {
    case .lease: "lease"
    case .connect: "connect"
    case .refuse(.overloaded): "overloaded"
    case .refuse(.unavailable): "unavailable"
    case .refuse(.outdated): "outdated"
    case .refuse(.cancelled): "cancelled"
    case .refuse(.failed): "failed"
    }
  }
}
