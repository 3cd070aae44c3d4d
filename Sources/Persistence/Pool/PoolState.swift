// SPDX-License-Identifier: Apache-2.0
import Domain

/// What a caller that asks for a connection gets.
enum PoolGrant<Connection> {
  case lease(Connection)
  /// The caller makes the connection and reports `connected` or `connectFailed`.
  case connect
  case refuse(StoreError)
}

extension PoolGrant: Sendable where Connection: Sendable {}

/// The pool's decisions, without connections, clocks or tasks of its own.
///
/// A connection is *connecting*, *leased* or *idle*; `open` counts all three. While the database is down
/// (an attempt failed and no connection is left) one caller at a time tries again, not before
/// `retryAt`; everybody else fails at once, or together with that attempt.
struct PoolState<Connection, Waiter> {
  private let limits: PoolLimits
  private(set) var idle: [Connection] = []
  private(set) var open = 0
  private(set) var connecting = 0
  private(set) var failures = 0
  private(set) var isClosed = false
  /// Another is being made for a spent connection.
  private var isReplacing = false
  private var retryAt: Duration = .zero
  private var lastFailure = ""
  /// In order of arrival, and so of their deadlines.
  private var waiters: [(id: UInt64, waiter: Waiter, deadline: Duration)] = []
  /// Somebody comes back for those whose deadline passes.
  private var isWatched = false

  init(limits: PoolLimits) {
    self.limits = limits
  }

  var waiting: Int { waiters.count }
  private var established: Int { open - connecting }
  private var isDown: Bool { failures > 0 && established == 0 }

  /// - Returns: nil when the caller has to wait.
  mutating func acquire(at now: Duration) -> PoolGrant<Connection>? {
    guard !isClosed else { return .refuse(.unavailable("the pool is closed")) }
    // The one returned last: its server process has the warmest caches.
    if waiters.isEmpty, let connection = idle.popLast() { return .lease(connection) }
    if isDown && now < retryAt { return .refuse(.unavailable(lastFailure)) }
    if waiters.isEmpty && open < limits.connections && !(isDown && connecting > 0) {
      open += 1
      connecting += 1
      return .connect
    }
    return waiters.count < limits.waiters ? nil : .refuse(.overloaded)
  }

  /// - Returns: whether the line has to be watched from now on: see ``expire(at:)``.
  mutating func wait(_ waiter: Waiter, id: UInt64, from now: Duration) -> Bool {
    waiters.append((id, waiter, now + limits.acquireTimeout))
    defer { isWatched = true }
    return !isWatched
  }

  /// Takes those out of the line who have waited too long.
  /// - Returns: they, and when to come again; nil: the line is empty, and whoever waits next says so.
  mutating func expire(at now: Duration) -> (late: [Waiter], next: Duration?) {
    let late = waiters.prefix { $0.deadline <= now }.map(\.waiter)
    waiters.removeFirst(late.count)
    isWatched = !waiters.isEmpty
    return (late, waiters.first?.deadline)
  }

  /// The waiter gave up.
  /// - Returns: nil when it was served already.
  mutating func remove(id: UInt64) -> Waiter? {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
    return waiters.remove(at: index).waiter
  }

  /// - Returns: waiters that may now connect too: those who waited to hear whether it works.
  mutating func connected() -> [Waiter] {
    connecting -= 1
    failures = 0
    guard !isClosed else { return [] }
    let ready = min(waiters.count, limits.connections - open)
    defer { waiters.removeFirst(ready) }
    open += ready
    connecting += ready
    return waiters.prefix(ready).map(\.waiter)
  }

  /// - Returns: who is to be told that the database is down.
  mutating func connectFailed(_ message: String, retryAt: Duration) -> [Waiter] {
    connecting -= 1
    open -= 1
    failures += 1
    lastFailure = message
    self.retryAt = retryAt
    return established == 0 ? takeAllWaiters() : []
  }

  /// How a connection comes back.
  enum Condition {
    case good
    /// Works, but has been used for long enough.
    case spent
    case broken
  }

  enum OnRelease {
    case keep
    case hand(Waiter)
    /// Close it.
    case discard
    /// Close it; the waiter makes a new one.
    case discardAndReplace(Waiter)
    /// Close it, make a new one for nobody in particular, report `connected` or `connectFailed`, and then
    /// `replacementEnded`.
    case replace
  }

  mutating func release(
    _ connection: Connection, _ condition: Condition, at now: Duration
  ) -> OnRelease {
    if isClosed {
      open -= 1
      return .discard
    }
    // One at a time: the others serve meanwhile. Not while no new one can be had: this one works.
    if condition == .spent, !isReplacing, failures == 0 || now >= retryAt {
      isReplacing = true
      connecting += 1
      return .replace
    }
    if condition != .broken {
      guard !waiters.isEmpty else {
        idle.append(connection)
        return .keep
      }
      return .hand(waiters.removeFirst().waiter)
    }
    open -= 1
    // While another caller tries whether the database is back, its answer is everybody's.
    guard !waiters.isEmpty, !(isDown && connecting > 0) else { return .discard }
    open += 1
    connecting += 1
    return .discardAndReplace(waiters.removeFirst().waiter)
  }

  mutating func replacementEnded() {
    isReplacing = false
  }

  /// - Returns: connections to close and waiters to turn away.
  mutating func close() -> (idle: [Connection], waiters: [Waiter]) {
    isClosed = true
    open -= idle.count
    defer { idle = [] }
    return (idle, takeAllWaiters())
  }

  private mutating func takeAllWaiters() -> [Waiter] {
    defer { waiters = [] }
    return waiters.map(\.waiter)
  }
}
