// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Deadlines of calls", .timeLimit(.minutes(5)))
struct DeadlineTests {
  private static func within<Value>(
    _ rest: Duration, _ body: () async throws -> Value
  ) async throws -> Value {
    try await CallDeadline.$current.withValue(.now.advanced(by: rest)) { try await body() }
  }

  private static func timeout(_ database: TestDatabase) async throws -> String? {
    try await database.pool.run { connection throws(PostgresError) in
      try connection.rows(Command("SELECT current_setting('statement_timeout')")) {
        (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0)
      }
    }.first
  }

  @Test("the server itself ends the statement of a call whose deadline passes")
  func endedByServer() async throws {
    try await withDatabase(migrated: false) { database throws in
      // The task is not cancelled, so nothing but the server's own clock can end the statement.
      let start = ContinuousClock.now
      await #expect(throws: StoreError.cancelled) {
        try await Self.within(.milliseconds(300)) {
          _ = try await database.integer("SELECT 1::int8 FROM pg_sleep(60)")
        }
      }
      let took = start.duration(to: .now)
      #expect(took >= .milliseconds(300))
      #expect(took < .seconds(20))
      #expect(
        try await database.integer(
          "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active'"
        ) == 0)
      #expect(try await Self.timeout(database) == "30s")
    }
  }

  @Test("the time left is counted anew for each round trip of a call")
  func eachRoundTrip() async throws {
    try await withDatabase(migrated: false, limits: .one) { database throws in
      let start = ContinuousClock.now
      await #expect(throws: StoreError.cancelled) {
        try await Self.within(.seconds(1)) {
          try await database.pool.run { connection throws(PostgresError) in
            try connection.query(.begin)
            for _ in 0..<200 { try connection.query(Command("SELECT pg_sleep(0.2)")) }
          }
        }
      }
      #expect(start.duration(to: .now) < .seconds(20))
      #expect(try await Self.timeout(database) == "30s")
    }
  }

  @Test("a call whose deadline has passed sends nothing")
  func late() async throws {
    try await withDatabase(migrated: false, limits: .one) { database throws in
      let before = try await database.pool.run { connection throws(PostgresError) in
        try connection.query(Command("SELECT 1"))
        return connection.roundTrips
      }
      await #expect(throws: StoreError.cancelled) {
        try await Self.within(.milliseconds(-1)) {
          _ = try await database.integer("SELECT 1::int8")
        }
      }
      let after = try await database.pool.run { connection throws(PostgresError) in
        connection.roundTrips
      }
      // The pipeline was counted, but had nothing to carry.
      #expect(after - before <= 1)
    }
  }

  @Test("deadlines cost no round trip, near or far, and neither does their absence")
  func roundTrips() async throws {
    try await withDatabase(migrated: false, limits: .one) { database throws in
      let trips: @Sendable () async throws -> Int = {
        try await database.pool.run { connection throws(PostgresError) in
          let before = connection.roundTrips
          try connection.query(Command("SELECT 1"))
          return connection.roundTrips - before
        }
      }
      #expect(try await trips() == 1)
      #expect(try await Self.within(.seconds(5)) { try await trips() } == 1)
      #expect(try await Self.within(.seconds(4)) { try await trips() } == 1)
      #expect(try await trips() == 1)
      #expect(try await Self.within(.seconds(500)) { try await trips() } == 1)
      #expect(try await Self.timeout(database) == "30s")
    }
  }

  @Test("a timeout that went with its transaction is known to be gone", arguments: [true, false])
  func rolledBack(byScript: Bool) async throws {
    try await withDatabase(migrated: false, limits: .one) { database throws in
      _ = try? await Self.within(.seconds(3)) {
        try await database.pool.run { connection throws(PostgresError) in
          try connection.pipeline([.begin, Command("SELECT 1")])
          if byScript {
            try connection.run(script: "ROLLBACK")
          } else {
            try connection.query(Command("SELECT 1 / 0"))
          }
        }
      }
      #expect(try await Self.timeout(database) == "30s")
      let near = try await Self.within(.seconds(5)) { try await Self.timeout(database) }
      #expect(near != "30s")
      #expect(try await Self.timeout(database) == "30s")
    }
  }

  @Test("a transaction that failed can be rolled back within a deadline")
  func rollBack() async throws {
    try await withDatabase(migrated: false, limits: .one) { database throws in
      let isIdle = try await Self.within(.seconds(20)) {
        try await database.pool.run { connection throws(PostgresError) -> Bool in
          do throws(PostgresError) {
            try connection.pipeline([.begin, Command("SELECT 1 / 0")])
          } catch {
            try connection.run(script: "ROLLBACK")
          }
          return try connection.query(Command("SELECT 1")) == 1
        }
      }
      #expect(isIdle)
    }
  }

  @Test("a commit whose deadline passes stores nothing, and is stored once when sent again")
  func commit() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let batch = plant.batch([plant.reading(0, 1, at: noon)])
      let blocker = Task {
        try await database.run(
          "BEGIN; SELECT FROM t.telemetry_cursor FOR UPDATE; SELECT pg_sleep(30) AS blocker;")
      }
      try await waitForStatement("blocker", in: database)
      await #expect(throws: StoreError.cancelled) {
        try await Self.within(.seconds(2)) { _ = try await database.store.commit(batch) }
      }
      #expect(try await plant.count("telemetry_readings") == 0)
      #expect(try await plant.count("telemetry_journal") == 0)
      blocker.cancel()
      _ = await blocker.result
      let receipt = try await Self.within(.seconds(30)) {
        try await database.store.commit(batch)
      }
      #expect(receipt.stored == [true])
      #expect(try await database.store.commit(batch).stored == [false])
      #expect(try await plant.count("telemetry_readings") == 1)
      #expect(try await plant.ledger("stored") == 1)
    }
  }

  @Test("the query of a cancelled call is soon gone from the server")
  func cancelled() async throws {
    try await withDatabase(migrated: false) { database throws in
      var slowest = Duration.zero
      for _ in 0..<5 {
        let task = Task { try await database.integer("SELECT 1::int8 FROM pg_sleep(61)") }
        try await waitForStatement("pg_sleep(61)", in: database)
        let start = ContinuousClock.now
        task.cancel()
        let active = """
          SELECT count(*) FROM pg_stat_activity
          WHERE query LIKE '%pg_sleep(61)' AND state = 'active' AND pid <> pg_backend_pid()
          """
        while try await database.integer(active) != 0 {
          try #require(start.duration(to: .now) < .seconds(20))
        }
        slowest = max(slowest, start.duration(to: .now))
        await #expect(throws: StoreError.cancelled) { try await task.value }
      }
      print("slowest of 5 cancellations: \(slowest)")
    }
  }
}
