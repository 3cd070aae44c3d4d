// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Testing

@testable import Persistence

@Suite("A pool on a real server", .timeLimit(.minutes(5)))
struct PostgresPoolTests {
  @Test("never opens more connections than it may, and serves everybody")
  func limit() async throws {
    try await withDatabase(migrated: false) { database throws in
      var limits = PoolLimits()
      limits.connections = 3
      let pool = try database.newPool(limits)
      let most = try await withThrowingTaskGroup(of: Int64?.self) { group in
        for _ in 0..<40 {
          group.addTask {
            try await pool.run { connection throws(PostgresError) in
              try connection.rows(
                Command(
                  """
                  SELECT count(*) FROM pg_stat_activity, pg_sleep(0.005)
                  WHERE datname = current_database() AND backend_type = 'client backend'
                  """)
              ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
            }.first
          }
        }
        var most: Int64 = 0
        for try await count in group { most = max(most, count ?? 0) }
        return most
      }
      #expect((1...3).contains(most))
      #expect(pool.statistics.open <= 3)
      #expect(pool.statistics.waiting == 0)
      await pool.close()
      #expect(pool.statistics == PostgresPool.Statistics(open: 0, idle: 0, waiting: 0))
    }
  }

  @Test("a caller waits as long as it may and is then told of overload")
  func acquireTimeout() async throws {
    try await withDatabase(migrated: false) { database throws in
      var limits = PoolLimits.one
      limits.acquireTimeout = .milliseconds(100)
      let pool = try database.newPool(limits)
      let holder = Task { try await Self.sleep(30, on: pool) }
      try await waitForStatement("pg_sleep", in: database)
      let start = ContinuousClock.now
      await #expect(throws: StoreError.overloaded) { try await Self.sleep(0, on: pool) }
      #expect(start.duration(to: .now) >= .milliseconds(100))
      #expect(start.duration(to: .now) < .seconds(20))
      holder.cancel()
      await #expect(throws: StoreError.cancelled) { try await holder.value }
      try await Self.sleep(0, on: pool)
      await pool.close()
    }
  }

  @Test("a waiter whose task is cancelled leaves the line at once")
  func cancelledWaiter() async throws {
    try await withDatabase(migrated: false) { database throws in
      let pool = try database.newPool(.one)
      let holder = Task { try await Self.sleep(30, on: pool) }
      try await waitForStatement("pg_sleep", in: database)
      let waiter = Task { try await Self.sleep(0, on: pool) }
      #expect(await eventually { pool.statistics.waiting == 1 })
      let start = ContinuousClock.now
      waiter.cancel()
      await #expect(throws: StoreError.cancelled) { try await waiter.value }
      #expect(start.duration(to: .now) < .seconds(20))
      #expect(pool.statistics.waiting == 0)
      holder.cancel()
      _ = await holder.result
      await pool.close()
    }
  }

  @Test("close turns waiters away and lets the holder finish")
  func close() async throws {
    try await withDatabase(migrated: false) { database throws in
      let pool = try database.newPool(.one)
      let holder = Task { try await Self.sleep(0.3, on: pool) }
      try await waitForStatement("pg_sleep", in: database)
      let waiter = Task { try await Self.sleep(0, on: pool) }
      #expect(await eventually { pool.statistics.waiting == 1 })
      await pool.close()
      #expect(pool.statistics.open == 0)
      try await holder.value
      await #expect(throws: StoreError.unavailable("the pool is closed")) {
        try await waiter.value
      }
      await #expect(throws: StoreError.unavailable("the pool is closed")) {
        try await Self.sleep(0, on: pool)
      }
      await pool.close()
    }
  }

  @Test("a connection that was left in a transaction is rolled back before the next caller gets it")
  func openTransaction() async throws {
    try await withDatabase(migrated: false) { database throws in
      try await database.run("CREATE TABLE public.t (x bigint)")
      let pool = try database.newPool(.one)
      try await pool.run { connection throws(PostgresError) in
        try connection.run(script: "BEGIN; INSERT INTO public.t VALUES (1)")
      }
      try await pool.run { connection throws(PostgresError) in
        try connection.run(script: "INSERT INTO public.t VALUES (2)")
      }
      await pool.close()
      #expect(try await database.integer("SELECT sum(x)::int8 FROM public.t") == 2)
    }
  }

  @Test("after the server was killed callers fail fast, and find it again when it is back")
  func serverKilled() async throws {
    let (server, directory) = try await TestServer.startServer()
    var limits = PoolLimits()
    limits.longestBackoff = .milliseconds(200)
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: server.connectionString), limits: limits,
      logger: quiet)
    try await withThrowingDiscardingTaskGroup { group in
      for _ in 0..<6 { group.addTask { try await Self.sleep(0.05, on: pool) } }
    }
    let inFlight = Task { try await Self.sleep(30, on: pool) }
    #expect(await eventually { pool.statistics.idle < pool.statistics.open })
    await server.kill()
    await #expect {
      try await inFlight.value
    } throws: { error in
      (error as? StoreError)?.isTransient == true
    }
    let start = ContinuousClock.now
    await withDiscardingTaskGroup { group in
      for _ in 0..<200 {
        group.addTask {
          await #expect {
            try await Self.sleep(0, on: pool)
          } throws: { error in
            guard case .unavailable = error as? StoreError else { return false }
            return true
          }
        }
      }
    }
    #expect(start.duration(to: .now) < .seconds(60))
    #expect(pool.statistics.open == 0)
    try await server.start()
    let isBack = await eventually {
      do { try await Self.sleep(0, on: pool) } catch { return false }
      return true
    }
    #expect(isBack)
    await pool.close()
    await server.stop(.immediate)
    withExtendedLifetime(directory) {}
  }

  @Test("a restart of the server between two calls goes unnoticed")
  func restartWhileIdle() async throws {
    let (server, directory) = try await TestServer.startServer()
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: server.connectionString), logger: quiet)
    try await withThrowingDiscardingTaskGroup { group in
      for _ in 0..<6 { group.addTask { try await Self.sleep(0.05, on: pool) } }
    }
    try await server.restart()
    for _ in 0..<6 { try await Self.sleep(0, on: pool) }
    await pool.close()
    await server.stop(.immediate)
    withExtendedLifetime(directory) {}
  }

  private static func sleep(_ seconds: Double, on pool: PostgresPool) async throws {
    _ = try await pool.run { connection throws(PostgresError) in
      try connection.query(Command("SELECT pg_sleep($1)", [.float8(seconds)]))
    }
  }
}
