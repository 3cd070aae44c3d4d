// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Synchronization
import Testing

@testable import Persistence

@Suite("Migrations", .timeLimit(.minutes(5)))
struct MigratorTests {
  @Test("a second run does nothing and asks one question, whatever the number of tenants")
  func nothingToDo() async throws {
    try await withDatabase(migrated: false) { database throws in
      let first = try await database.migrator.migrate()
      #expect(first.migrated == ["public"])
      for number in 1...5 { _ = try await Plant.make("t\(number)", in: database) }
      #expect(try await database.migrator.migrate() == .init(migrated: [], roundTrips: 1))
      #expect(
        try await database.migrator.migrate(schema: "t3") == .init(migrated: [], roundTrips: 1))
    }
  }

  @Test("tenants of the release before accounts are active, and theirs are found as before")
  func accountsArrive() async throws {
    try await withDatabase(migrated: false) { database throws in
      let before = Migrator(
        pool: database.pool, timescale: .never, clock: WallClock { noon },
        publicMigrations: Array(Migration.forPublic.prefix(2)),
        tenantMigrations: Migration.forTenants)
      try await before.migrate()
      _ = try await TenantProvisioner(migrator: before).create(
        NewTenant(slug: try #require(TenantSlug("t")), name: "T", domains: ["t.localhost"]))
      #expect(try await database.migrator.migrate().migrated == ["public"])
      let accounts = PostgresAccounts(migrator: database.migrator, clock: WallClock { noon })
      let tenant = try #require(try await accounts.directory.tenant(host: "t.localhost"))
      #expect(!tenant.isSuspended)
      #expect(try await accounts.tenants.tenants().map(\.tenant) == [tenant])
    }
  }

  @Test("numbers of the steps have no gaps")
  func numbering() {
    for steps in [Migration.forPublic, Migration.forTenants] {
      #expect(steps.map(\.number) == Array(1...Int32(steps.count)))
    }
  }

  /// Number of a step that does not exist yet.
  private static let next = Int32(Migration.forTenants.count + 1)

  @Test("new steps reach every tenant, in order, with progress", arguments: StorageKind.allCases)
  func newStep(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      for number in 1...3 { _ = try await Plant.make("t\(number)", in: database) }
      let steps = Mutex<[Migrator.Step]>([])
      let next = Self.next
      let report = try await database.migrator(adding: Self.extra).migrate { step in
        steps.withLock { $0.append(step) }
      }
      #expect(report.migrated == ["t1", "t2", "t3"])
      #expect(steps.withLock { $0.map(\.number) } == [1, 2, 3])
      #expect(steps.withLock { $0.map(\.total) } == [3, 3, 3])
      #expect(steps.withLock { $0.map(\.fromVersion) } == [next - 1, next - 1, next - 1])
      #expect(steps.withLock { $0.map(\.toVersion) } == [next, next, next])
      #expect(try await database.integer("SELECT count(*) FROM t2.extra") == 0)
    }
  }

  @Test("one schema alone can be migrated; one that no tenant has is an error")
  func oneSchema() async throws {
    try await withDatabase { database throws in
      for number in 1...2 { _ = try await Plant.make("t\(number)", in: database) }
      let migrator = database.migrator(adding: Self.extra)
      #expect(try await migrator.migrate(schema: "t2").migrated == ["t2"])
      #expect(try await migrator.migrate().migrated == ["t1"])
      await #expect {
        try await migrator.migrate(schema: "nobody")
      } throws: { error in
        guard case .failed(sqlState: "3F000", _) = error as? StoreError else { return false }
        return true
      }
    }
  }

  @Test(
    "a failure in one schema leaves the ones before done, itself untouched, and the next run goes on"
  )
  func resumes() async throws {
    try await withDatabase { database throws in
      for number in 1...3 { _ = try await Plant.make("t\(number)", in: database) }
      // In the way of the step's second statement, so that its first must be undone.
      try await database.run("CREATE TABLE t2.obstacle (x bigint)")
      let migrator = database.migrator(
        adding: Migration(
          number: Self.next, name: "extra",
          sql: """
            CREATE TABLE {schema}.extra (x bigint);
            CREATE TABLE {schema}.obstacle (x bigint);
            """))
      await #expect(throws: StoreError.self) { try await migrator.migrate() }
      #expect(try await database.integer("SELECT count(*) FROM t1.extra") == 0)
      #expect(try await database.integer("SELECT to_regclass('t2.extra')::int8") == nil)
      #expect(
        try await database.integer(
          "SELECT count(*) FROM public.schema_versions WHERE version = \(Self.next)") == 1)
      // The lock of the run that failed is gone, or this would wait for ever.
      try await database.run("DROP TABLE t2.obstacle")
      #expect(try await migrator.migrate().migrated == ["t2", "t3"])
      #expect(try await migrator.migrate().migrated.isEmpty)
    }
  }

  @Test("a run whose session is killed in the middle is finished by the next one")
  func crash() async throws {
    try await withDatabase { database throws in
      for number in 1...2 { _ = try await Plant.make("t\(number)", in: database) }
      let slow = Migration(
        number: Self.next, name: "slow",
        sql: "CREATE TABLE {schema}.extra (x bigint); SELECT pg_sleep(30) AS slow_step;")
      let run = Task { try await database.migrator(adding: slow).migrate() }
      try await waitForStatement("slow_step", in: database)
      _ = try await database.integer(
        """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
      await #expect(throws: StoreError.self) { try await run.value }
      #expect(
        try await database.migrator(adding: Self.extra).migrate().migrated == ["t1", "t2"])
    }
  }

  @Test("concurrent migrators do each step once")
  func concurrent() async throws {
    try await withDatabase(migrated: false) { database throws in
      let migrated = try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<5 { group.addTask { try await database.migrator.migrate().migrated } }
        var all: [String] = []
        for try await schemas in group { all += schemas }
        return all
      }
      #expect(migrated == ["public"])
      for number in 1...3 { _ = try await Plant.make("t\(number)", in: database) }
      let migrator = database.migrator(adding: Self.extra)
      let more = try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<5 { group.addTask { try await migrator.migrate().migrated } }
        var all: [String] = []
        for try await schemas in group { all += schemas }
        return all
      }
      #expect(more.sorted() == ["t1", "t2", "t3"])
    }
  }

  @Test("readings are kept in monthly partitions, with one index")
  func partitions() async throws {
    try await withDatabase(.partitions) { database throws in
      _ = try await Plant.make("t", in: database)
      #expect(try await database.integer(Self.partitionCount) == 4)
      #expect(try await database.integer(Self.indexCount) == 1)
    }
  }

  @Test("readings are kept in a hypertable of 7-day chunks, with one index")
  func hypertable() async throws {
    try await withDatabase(.hypertable) { database throws in
      _ = try await Plant.make("t", in: database)
      let tables = try await database.integer(
        """
        SELECT count(*) FROM timescaledb_information.dimensions
        WHERE hypertable_schema = 't' AND time_interval = interval '7 days'
        """)
      #expect(tables == 1)
      #expect(try await database.integer(Self.indexCount) == 1)
    }
  }

  @Test("a server that did not load TimescaleDB gets partitions, unasked")
  func notLoaded() async throws {
    let (server, directory) = try await TestServer.startServer(timescaleDB: false)
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: server.connectionString), logger: quiet)
    let database = TestDatabase(
      connectionString: server.connectionString, pool: pool,
      migrator: Migrator(pool: pool, timescale: .automatic, clock: WallClock { noon }),
      timescale: .automatic)
    try await database.migrator.migrate()
    _ = try await Plant.make("t", in: database)
    #expect(try await database.integer(Self.partitionCount) == 4)
    await pool.close()
    await server.stop(.immediate)
    withExtendedLifetime(directory) {}
  }

  @Test("a schema keeps its storage when later ones get another")
  func mixedStorage() async throws {
    try await withDatabase(.hypertable) { database throws in
      let old = Migrator(pool: database.pool, timescale: .never, clock: WallClock { noon })
      _ = try await TenantProvisioner(migrator: old).create(
        NewTenant(slug: try #require(TenantSlug("t")), name: "t", domains: []))
      _ = try await Plant.make("u", in: database)
      #expect(try await database.migrator(adding: Self.extra).migrate().migrated == ["t", "u"])
      #expect(try await database.integer(Self.partitionCount) == 4)
    }
  }

  private static let partitionCount = """
    SELECT count(*) FROM pg_inherits WHERE inhparent = 't.telemetry_readings'::regclass
    """
  private static let indexCount = """
    SELECT count(*) FROM pg_indexes WHERE schemaname = 't' AND tablename = 'telemetry_readings'
    """

  private static let extra = Migration(
    number: Self.next, name: "extra", sql: "CREATE TABLE {schema}.extra (x bigint);")
}

extension TestDatabase {
  /// A newer program's migrator.
  fileprivate func migrator(adding step: Migration) -> Migrator {
    Migrator(
      pool: pool, timescale: timescale, clock: WallClock { noon },
      publicMigrations: Migration.forPublic, tenantMigrations: Migration.forTenants + [step])
  }
}
