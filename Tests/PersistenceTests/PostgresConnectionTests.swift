// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("A connection", .timeLimit(.minutes(5)))
struct PostgresConnectionTests {
  @Test("sends a whole pipeline in one round trip and keeps the answers apart")
  func pipeline() async throws {
    try await withDatabase(migrated: false) { database throws in
      let (rows, counts, roundTrips) = try await database.pool.run {
        connection throws(PostgresError) in
        let before = connection.roundTrips
        var rows: [[Int64]] = [[], [], []]
        let counts = try connection.pipeline([
          Command("SELECT generate_series(1::bigint, $1)", [.int8(3)]), Command("SELECT 7::int8"),
          Command("SELECT 1::int8 WHERE false"),
        ]) { (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
          rows[number].append(try row.int8(0))
        }
        return (rows, counts, connection.roundTrips - before)
      }
      #expect(rows == [[1, 2, 3], [7], []])
      #expect(counts == [3, 1, 0])
      #expect(roundTrips == 1)
    }
  }

  @Test("what is not to be remembered is not kept prepared, and works all the same")
  func forgets() async throws {
    try await withDatabase(migrated: false, limits: .one) { database throws in
      let (sums, prepared) = try await database.pool.withConnection {
        connection throws(PostgresError) in
        try await connection.perform(remembersStatements: false) {
          connection throws(PostgresError) in
          var sums: [Int64] = []
          for number in 0..<3 {
            try connection.pipeline([
              .begin, Command("SELECT 1 + $1", [.int8(Int64(number))]),
              Command("SELECT 2 + $1", [.int8(Int64(number))]), .commit,
            ]) { (_: Int, row: borrowing PostgresRow) throws(PostgresError) in
              sums.append(try row.int8(0))
            }
          }
          let prepared = try connection.rows(
            Command("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")
          ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
          return (sums, prepared)
        }
      }
      #expect(sums == [1, 2, 2, 3, 3, 4])
      #expect(prepared == [0])
    }
  }

  @Test("an error in the middle of a pipeline skips the rest, and the connection goes on")
  func pipelineError() async throws {
    try await withDatabase(migrated: false) { database throws in
      let outcomes = try await database.pool.withConnection { connection throws(PostgresError) in
        var outcomes: [String] = []
        for _ in 0..<3 {
          do throws(PostgresError) {
            _ = try await connection.perform { connection throws(PostgresError) in
              try connection.pipeline([
                .begin, Command("SELECT 1::int8 / $1", [.int8(0)]), Command("SELECT 2::int8"),
                .commit,
              ])
            }
          } catch {
            // The transaction that was left open is gone.
            outcomes.append("\(error.sqlState) \(connection.health)")
          }
        }
        return outcomes
      }
      #expect(outcomes == ["22012 idle", "22012 idle", "22012 idle"])
      #expect(try await database.integer("SELECT 5::int8") == 5)
      #expect(database.pool.statistics.open == 1)
    }
  }

  @Test("prepares each statement once, and gives up the one unused longest")
  func statementCache() async throws {
    try await withDatabase(migrated: false) { database throws in
      var configuration = PostgresConfiguration(connectionString: database.connectionString)
      configuration.statementCacheSize = 3
      let pool = try PostgresPool(configuration, limits: .one, logger: quiet)
      for number in [1, 2, 3, 1, 4, 1, 2, 1] {
        _ = try await pool.run { connection throws(PostgresError) in
          try connection.query(Command("SELECT \(number)::int8 + $1", [.int8(1)]))
        }
      }
      let statements = try await pool.run { connection throws(PostgresError) in
        try connection.rows(
          Command("SELECT statement FROM pg_prepared_statements ORDER BY statement")
        ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0) }
      }
      await pool.close()
      // Three, the question itself, and the one whose place it takes when it was answered.
      #expect(statements.count <= 4)
      #expect(statements.contains("SELECT 1::int8 + $1"))
      #expect(!statements.contains("SELECT 3::int8 + $1"))
    }
  }

  @Test("giving up a statement does not disturb a snapshot of the same round trip")
  func statementCacheAndSnapshots() async throws {
    try await withDatabase(migrated: false) { database throws in
      var configuration = PostgresConfiguration(connectionString: database.connectionString)
      configuration.statementCacheSize = 1
      let pool = try PostgresPool(configuration, limits: .one, logger: quiet)
      let prepared = try await pool.run { connection throws(PostgresError) in
        try connection.query(Command("SELECT 1"))
        try connection.query(Command("SELECT 2"))
        try connection.pipeline([.beginSnapshot, Command("SELECT 3"), .commit])
        return try connection.rows(
          Command("SELECT statement FROM pg_prepared_statements")
        ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0) }
      }
      await pool.close()
      #expect(!prepared.contains("SELECT 1"))
    }
  }

  @Test("a cancelled statement ends long before it would and leaves the connection usable")
  func cancellation() async throws {
    try await withDatabase(migrated: false) { database throws in
      try await database.pool.run { connection throws(PostgresError) in
        try connection.run(script: "SELECT 1")
      }
      for _ in 0..<5 {
        let task = Task { try await database.integer("SELECT 1::int8 FROM pg_sleep(30)") }
        try await waitForStatement("pg_sleep(30)", in: database)
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: StoreError.cancelled) { try await task.value }
        #expect(start.duration(to: .now) < .seconds(20))
        #expect(try await database.integer("SELECT 3::int8") == 3)
      }
      // Two: the sleeper's and the onlooker's. None was thrown away.
      #expect(database.pool.statistics.open == 2)
    }
  }

  @Test("a call that is cancelled between two statements does not start the second")
  func cancellationBetween() async throws {
    try await withDatabase(migrated: false) { database throws in
      let task = Task {
        try await database.pool.run { connection throws(PostgresError) in
          // Ends on its own; then the long one would start.
          for _ in 0..<6_000 { try connection.query(Command("SELECT pg_sleep(0.005)")) }
        }
      }
      try await waitForStatement("pg_sleep(0.005)", in: database)
      let start = ContinuousClock.now
      task.cancel()
      await #expect(throws: StoreError.cancelled) { try await task.value }
      #expect(start.duration(to: .now) < .seconds(20))
    }
  }

  @Test("a call whose task was cancelled before sends nothing")
  func cancelledBefore() async throws {
    try await withDatabase(migrated: false) { database throws in
      let task = Task {
        try? await Task.sleep(for: .seconds(60))
        return try await database.integer("SELECT 1::int8")
      }
      task.cancel()
      await #expect(throws: StoreError.cancelled) { try await task.value }
    }
  }

  @Test("a statement's timeout is its own: the next has the default again")
  func timeout() async throws {
    try await withDatabase(migrated: false, limits: .one) { database throws in
      await #expect(throws: StoreError.cancelled) {
        try await database.pool.run(timeout: .milliseconds(50)) {
          connection throws(PostgresError) in
          _ = try connection.query(Command("SELECT pg_sleep(10)"))
        }
      }
      let setting = try await database.pool.run { connection throws(PostgresError) in
        try connection.rows(Command("SELECT current_setting('statement_timeout')")) {
          (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0)
        }
      }
      #expect(setting == ["30s"])
    }
  }

  @Test("a statement that forgets its schema fails")
  func noSearchPath() async throws {
    try await withDatabase { database throws in
      #expect(try await database.integer("SELECT count(*) FROM public.tenants_tenant") == 0)
      await #expect(throws: StoreError.self) {
        try await database.integer("SELECT count(*) FROM tenants_tenant")
      }
    }
  }

  @Test(
    "each error of the server has its meaning for callers",
    arguments: [
      ("08006", StoreError.unavailable("m")), ("08001", .unavailable("m")),
      ("57P01", .unavailable("m")), ("57P03", .unavailable("m")), ("53300", .unavailable("m")),
      ("57014", .cancelled), ("42P01", .failed(sqlState: "42P01", "m")),
      ("23505", .failed(sqlState: "23505", "m")),
    ])
  func errorMapping(sqlState: String, expected: StoreError) {
    #expect(StoreError(PostgresError(sqlState: sqlState, message: "m")) == expected)
  }

  @Test("a session that the server ends in mid-statement is .unavailable, and replaced")
  func terminated() async throws {
    try await withDatabase(migrated: false) { database throws in
      let task = Task { try await database.integer("SELECT 1::int8 FROM pg_sleep(30)") }
      try await waitForStatement("pg_sleep(30)", in: database)
      _ = try await database.integer(
        """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
      await #expect {
        try await task.value
      } throws: { error in
        (error as? StoreError)?.isTransient == true
      }
      #expect(try await database.integer("SELECT 5::int8") == 5)
    }
  }
}

extension PoolLimits {
  static var one: PoolLimits {
    var limits = PoolLimits()
    limits.connections = 1
    return limits
  }
}
