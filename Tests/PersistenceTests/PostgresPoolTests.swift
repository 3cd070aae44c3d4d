// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Synchronization
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

  @Test(
    "a connection that has used n tenants' schemas is replaced, not one that has used n - 1 again and again"
  )
  func schemasPerConnection() async throws {
    try await withDatabase(migrated: false) { database throws in
      try await Self.makeSchemas(4, in: database)
      var limits = PoolLimits.one
      limits.schemasPerConnection = 3
      let pool = try database.newPool(limits)
      var processes: Set<Int64> = []
      for number in [0, 1, 0, 1, 1, 0] {
        processes.insert(try await Self.add(to: number, on: pool))
      }
      processes.insert(try await database.backend(of: pool))
      #expect(processes.count == 1)
      // The third one is still served by it.
      #expect(processes.contains(try await Self.add(to: 2, on: pool)))
      let next = try await Self.add(to: 0, on: pool)
      #expect(!processes.contains(next))
      #expect(try await Self.add(to: 1, on: pool) == next)
      let first = try #require(processes.first)
      #expect(
        try await eventually {
          try await database.integer(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = \(first)") == 0
        })
      await pool.close()
    }
  }

  @Test("a transaction ends on the connection that it began on, however many schemas it is about")
  func schemasInTransaction() async throws {
    try await withDatabase(migrated: false) { database throws in
      try await Self.makeSchemas(6, in: database)
      var limits = PoolLimits.one
      limits.schemasPerConnection = 2
      let pool = try database.newPool(limits)
      let processes = try await pool.withConnection { connection throws(PostgresError) in
        var processes: Set<Int64> = []
        _ = try await connection.perform { connection throws(PostgresError) in
          try connection.query(.begin)
        }
        for number in 0..<6 {
          processes.insert(
            try await connection.perform { connection throws(PostgresError) in
              try Self.add(to: number, on: connection)
            })
        }
        _ = try await connection.perform { connection throws(PostgresError) in
          try connection.query(.commit)
        }
        return processes
      }
      #expect(processes.count == 1)
      #expect(try await Self.rows(in: 6, of: database) == 6)
      #expect(!processes.contains(try await Self.add(to: 0, on: pool)))
      await pool.close()
    }
  }

  @Test("nothing is lost, and nobody refused, while many callers wear connections out")
  func replacedUnderLoad() async throws {
    try await withDatabase(migrated: false) { database throws in
      try await Self.makeSchemas(12, in: database)
      var limits = PoolLimits()
      limits.connections = 3
      limits.schemasPerConnection = 2
      let pool = try database.newPool(limits)
      let processes = try await withThrowingTaskGroup(of: Int64.self) { group in
        for number in 0..<240 {
          group.addTask { try await Self.add(to: number % 12, on: pool) }
        }
        var processes: Set<Int64> = []
        for try await process in group {
          processes.insert(process)
          #expect(pool.statistics.open <= 3)
        }
        return processes
      }
      #expect(processes.count > 3)
      #expect(try await Self.rows(in: 12, of: database) == 240)
      await pool.close()
      #expect(pool.statistics == PostgresPool.Statistics(open: 0, idle: 0, waiting: 0))
    }
  }

  @Test("a connection lives as long as it may, less up to a tenth by chance", arguments: [0, 0.9])
  func longestLife(random: Double) async throws {
    try await withDatabase(migrated: false) { database throws in
      let time = Mutex(Duration.zero)
      let pool = try PostgresPool(
        PostgresConfiguration(connectionString: database.connectionString), limits: .one,
        clock: PoolClock(
          now: { time.withLock { $0 } }, sleep: { try await Task.sleep(for: $0) },
          random: { random }),
        logger: quiet)
      let first = try await database.backend(of: pool)
      let life = PoolLimits().longestLife * (1 - random / 10)
      time.withLock { $0 = life - .milliseconds(1) }
      #expect(try await database.backend(of: pool) == first)
      time.withLock { $0 = life + .milliseconds(1) }
      // It is looked at when it comes back.
      #expect(try await database.backend(of: pool) == first)
      #expect(try await database.backend(of: pool) != first)
      await pool.close()
    }
  }

  @Test("everything that is done for a tenant counts as the use of its schema")
  func countedSchemas() async throws {
    try await withDatabase(limits: .one) { database throws in
      let plants = [
        try await Plant.make("a", in: database), try await Plant.make("b", in: database),
      ]
      let clock = WallClock { noon }
      let query = HistoryQuery(
        sensors: plants[0].keys, from: noon + -3_600, to: noon + 3_600,
        resolution: .buckets(microseconds: 60_000_000))
      for (use, name) in Self.uses(query, clock) {
        let pool = try database.newPool(.one)
        for plant in plants { try await use(plant, pool) }
        let schemas = try await pool.withConnection { connection throws(PostgresError) in
          connection.schemas
        }
        #expect(schemas == 2, "\(name)")
        await pool.close()
      }
    }
  }

  private typealias Use = @Sendable (Plant, PostgresPool) async throws -> Void

  private static func uses(_ query: HistoryQuery, _ clock: WallClock) -> [(Use, String)] {
    let store = { @Sendable pool in PostgresReadingStore(pool: pool, codec: LineCodec()) }
    return [
      (
        { plant, pool in
          _ = try await store(pool).commit(plant.batch([plant.reading(0, 1, at: noon)]))
        }, "ingest"
      ),
      (
        { plant, pool in _ = try await store(pool).history(query, after: nil, in: plant.tenant) },
        "history"
      ),
      ({ plant, pool in _ = try await store(pool).cursor(of: plant.tenant) }, "cursor"),
      (
        { plant, pool in
          _ = try await PostgresSensorCatalogue(pool: pool).sensors(
            matching: SensorFilter(devices: [Plant.device]), of: plant.tenant)
        }, "catalogue"
      ),
      (
        { plant, pool in _ = try await RollupJob(pool: pool, clock: clock).run(for: plant.tenant) },
        "rollup"
      ),
      (
        { plant, pool in _ = try await StatusJob(pool: pool, clock: clock).run(for: plant.tenant) },
        "status"
      ),
      (
        { plant, pool in _ = try await JournalJob(pool: pool, clock: clock).run(for: plant.tenant)
        }, "journal"
      ),
      (
        { plant, pool in _ = try await RetentionJob(pool: pool, clock: clock).run(for: plant.tenant)
        }, "retention"
      ),
    ]
  }

  @Test(
    "a statement is about the first schema in quotes",
    arguments: [
      ("SELECT 1", nil), ("SELECT \"timestamp\" FROM public.x", nil), ("SELECT \"", nil),
      ("SELECT x.\"timestamp\" FROM \"acme\".t JOIN \"b\".t USING (id)", "acme"),
      ("CALL f('\"acme\".t'::regclass)", "acme"), ("\"acme\".", "acme"), ("\"acme\"", nil),
    ] as [(String, String?)])
  func schemaName(sql: String, name: String?) {
    #expect(TenantSchema.name(in: sql) == name)
  }

  /// `"s0".t` and so on.
  private static func makeSchemas(_ count: Int, in database: TestDatabase) async throws {
    for number in 0..<count {
      try await database.run("CREATE SCHEMA s\(number); CREATE TABLE s\(number).t (x bigint)")
    }
  }

  private static func rows(in schemas: Int, of database: TestDatabase) async throws -> Int64 {
    var rows: Int64 = 0
    for number in 0..<schemas {
      rows += try await database.integer("SELECT count(*) FROM s\(number).t") ?? 0
    }
    return rows
  }

  /// - Returns: the process of the server that did it.
  private static func add(to number: Int, on pool: PostgresPool) async throws -> Int64 {
    try await pool.run { connection throws(PostgresError) in
      try add(to: number, on: connection)
    }
  }

  private static func add(
    to number: Int, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int64 {
    let command = Command(
      "INSERT INTO \"s\(number)\".t VALUES (1) RETURNING pg_backend_pid()::bigint")
    let rows = try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
      try row.int8(0)
    }
    guard let process = rows.first else { throw .unexpected("no row") }
    return process
  }

  private static func sleep(_ seconds: Double, on pool: PostgresPool) async throws {
    _ = try await pool.run { connection throws(PostgresError) in
      try connection.query(Command("SELECT pg_sleep($1)", [.float8(seconds)]))
    }
  }
}

extension TestDatabase {
  /// The process behind a pool's connection.
  fileprivate func backend(of pool: PostgresPool) async throws -> Int64 {
    let rows = try await pool.run { connection throws(PostgresError) in
      try connection.rows(Command("SELECT pg_backend_pid()::bigint")) {
        (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0)
      }
    }
    return try #require(rows.first)
  }
}
