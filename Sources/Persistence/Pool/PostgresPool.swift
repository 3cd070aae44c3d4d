// SPDX-License-Identifier: Apache-2.0
package import DedicatedThread
package import Domain
package import Logging
import Synchronization

/// A bounded set of connections, made when needed, lent to one caller at a time, first come first
/// served. When the database is down, callers learn so at once.
package final class PostgresPool: Sendable {
  package let limits: PoolLimits
  private let configuration: PostgresConfiguration
  private let clock: PoolClock
  private let logger: Logger
  private let cancelThread: DedicatedThread
  private let state: Mutex<PoolState<Member, Waiter>>
  private let nextWaiterID = Atomic<UInt64>(0)
  private let closers = Mutex<[CheckedContinuation<Void, Never>]>([])

  /// Connects to nothing yet.
  package init(
    _ configuration: PostgresConfiguration, limits: PoolLimits = PoolLimits(),
    clock: PoolClock = .system, logger: Logger
  ) throws(ThreadStartError) {
    self.configuration = configuration
    self.limits = limits
    self.clock = clock
    self.logger = logger
    cancelThread = try DedicatedThread(name: "postgres-cancel")
    state = Mutex(PoolState(limits: limits))
  }

  // MARK: Use

  /// Runs `body` on a connection's thread: the usual way to talk to the database. Nothing else runs on
  /// that connection meanwhile; a transaction that `body` leaves open because it throws is rolled back.
  /// - Parameter timeout: for each statement; nil: the configuration's.
  /// - Throws: `.unavailable` when the database cannot be reached, `.overloaded` when no connection
  ///   became free in time, `.cancelled` when the task was cancelled (so is the statement), `.failed`.
  package func run<Value: Sendable>(
    timeout: Duration? = nil,
    _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Value
  ) async throws(StoreError) -> Value {
    // An idle connection that the server closed says so before anything is sent: take the next one. Each
    // such round removes one connection.
    for _ in 0..<limits.connections {
      let member = try await acquire()
      do throws(PostgresError) {
        let value = try await member.connection.perform(timeout: timeout, body)
        await release(member)
        return value
      } catch {
        await release(member)
        guard error.isStale else { throw StoreError(error) }
      }
    }
    return try await withConnection { connection throws(PostgresError) in
      try await connection.perform(timeout: timeout, body)
    }
  }

  /// Lends a connection for several calls. It comes back however `body` ends: to the others when
  /// it is idle, rolled back first when a transaction is open, thrown away when it broke.
  package func withConnection<Value>(
    _ body: (PostgresConnection) async throws(PostgresError) -> Value
  ) async throws(StoreError) -> Value {
    let member = try await acquire()
    do throws(PostgresError) {
      let value = try await body(member.connection)
      await release(member)
      return value
    } catch {
      await release(member)
      throw StoreError(error)
    }
  }

  /// Turns waiting callers away, lets those who hold a connection finish, and returns when the last
  /// connection is closed. May be called again.
  package func close() async {
    let (idle, waiters) = state.withLock { $0.close() }
    for waiter in waiters { waiter.resume(returning: .refuse(.unavailable("the pool is closed"))) }
    for member in idle { await member.connection.close() }
    await withCheckedContinuation { continuation in
      // Under the closers' lock, so that the last release comes before or after, not between.
      let isEmpty = closers.withLock { closers in
        let isEmpty = state.withLock { $0.open } == 0
        if !isEmpty { closers.append(continuation) }
        return isEmpty
      }
      if isEmpty { continuation.resume() }
    }
    cancelThread.shutdown()
  }

  package struct Statistics: Hashable, Sendable {
    /// Connections in any state.
    package var open: Int
    package var idle: Int
    package var waiting: Int
  }

  package var statistics: Statistics {
    state.withLock { Statistics(open: $0.open, idle: $0.idle.count, waiting: $0.waiting) }
  }

  // MARK: Acquire

  private func acquire() async throws(StoreError) -> Member {
    guard !Task.isCancelled else { throw .cancelled }
    let now = clock.now()
    let grant: Grant
    if let granted = state.withLock({ $0.acquire(at: now) }) {
      grant = granted
    } else {
      grant = await wait()
    }
    switch grant {
    case .lease(let member): return member
    case .connect: return try await connect()
    case .refuse(let error): throw error
    }
  }

  /// Waits in line: for a connection, the leave to make one, the timeout or the task's cancellation.
  private func wait() async -> Grant {
    let id = nextWaiterID.wrappingAdd(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now = clock.now()
        let (grant, mustWatch): (Grant?, Bool) = state.withLock { state in
          if let granted = state.acquire(at: now) { return (granted, false) }
          // Inside the lock: a cancellation from here on finds the waiter in line.
          if Task.isCancelled { return (.refuse(.cancelled), false) }
          return (nil, state.wait(continuation, id: id, from: now))
        }
        if mustWatch { watchLine() }
        if let grant { continuation.resume(returning: grant) }
      }
    } onCancel: {
      state.withLock { $0.remove(id: id) }?.resume(returning: .refuse(.cancelled))
    }
  }

  /// Turns away who has waited too long, until the line is empty. One timer for all of them: the runtime
  /// keeps that of a cancelled sleep until its time has come.
  private func watchLine() {
    Task {
      while true {
        let now = clock.now()
        let (late, next) = state.withLock { $0.expire(at: now) }
        for waiter in late { waiter.resume(returning: .refuse(.overloaded)) }
        guard let next else { return }
        // Nobody cancels this task; should a clock refuse to sleep, the line is looked at all the more.
        try? await clock.sleep(next - now)
      }
    }
  }

  private func connect() async throws(StoreError) -> Member {
    do throws(PostgresError) {
      let connection = try await PostgresConnection.connect(
        configuration, cancelThread: cancelThread)
      let (failures, waiters) = state.withLock { ($0.failures, $0.connected()) }
      for waiter in waiters { waiter.resume(returning: .connect) }
      if failures > 0 {
        logger.info("database reachable again", metadata: ["db.attempts": "\(failures + 1)"])
      }
      // Up to a tenth less than the longest life.
      let life = limits.longestLife * (1 - clock.random() / 10)
      return Member(connection: connection, end: clock.now() + life)
    } catch {
      let random = clock.random()
      let now = clock.now()
      let waiters = state.withLock { state in
        let pause = limits.backoff(afterFailures: state.failures + 1, random: random)
        return state.connectFailed(error.message, retryAt: now + pause)
      }
      logger.warning("database not reachable", metadata: ["error": "\(error.message)"])
      for waiter in waiters { waiter.resume(returning: .refuse(.unavailable(error.message))) }
      tellClosers()
      // Whatever the cause (a wrong password too): an operator can mend it while callers try again.
      throw .unavailable(error.message)
    }
  }

  // MARK: Release

  private func release(_ member: Member) async {
    if member.connection.health == .inTransaction { await member.connection.settle() }
    let now = clock.now()
    let isSpent =
      member.connection.schemas >= max(1, limits.schemasPerConnection) || now >= member.end
    await release(
      member, member.connection.health != .idle ? .broken : isSpent ? .spent : .good, at: now)
  }

  private func release(
    _ member: Member, _ condition: PoolState<Member, Waiter>.Condition, at now: Duration
  ) async {
    switch state.withLock({ $0.release(member, condition, at: now) }) {
    case .keep:
      return
    case .hand(let waiter):
      waiter.resume(returning: .lease(member))
    case .discard:
      await member.connection.close()
      tellClosers()
    case .discardAndReplace(let waiter):
      waiter.resume(returning: .connect)
      await member.connection.close()
    case .replace:
      // Whoever brought it need not wait for this; closing the pool does.
      Task.detached { await self.replace(member) }
    }
  }

  private func replace(_ old: Member) async {
    await old.connection.close()
    let fresh: Member?
    do throws(StoreError) {
      fresh = try await connect()
    } catch {
      // It is logged, and whoever waited knows. The next caller without a connection makes one.
      fresh = nil
    }
    state.withLock { $0.replacementEnded() }
    // Good however short a life may be: one that ends at once would be replaced for ever.
    if let fresh { await release(fresh, .good, at: clock.now()) }
  }

  private func tellClosers() {
    let ready = closers.withLock { closers -> [CheckedContinuation<Void, Never>] in
      guard state.withLock({ $0.isClosed && $0.open == 0 }) else { return [] }
      defer { closers = [] }
      return closers
    }
    for closer in ready { closer.resume() }
  }
}

/// A connection of the pool.
private struct Member: Sendable {
  let connection: PostgresConnection
  /// When it has been used for long enough, by the pool's clock.
  let end: Duration
}

private typealias Grant = PoolGrant<Member>
private typealias Waiter = CheckedContinuation<Grant, Never>
