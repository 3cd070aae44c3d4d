// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Logging
import Synchronization
import Testing

@testable import Persistence

/// The one PostgreSQL server of this test process; each test has a database of its own on it.
actor TestServer {
  static let shared = TestServer()

  /// Databases in use at once: their pools must fit into the server's connections, and more would only
  /// make each test slower.
  private static let mostDatabases = 12

  private var start: Task<(PrivatePostgres, TemporaryDirectory), any Error>?
  private var template: Task<String, any Error>?
  private var databases = 0
  private var inUse = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Waits until one more database may be in use. Counts for the time limits of the suites, which leave
  /// room for it.
  func enter() async {
    if inUse < Self.mostDatabases {
      inUse += 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    if waiting.isEmpty { inUse -= 1 } else { waiting.removeFirst().resume() }
  }

  /// A migrated database to copy.
  func migratedTemplate() async throws -> String {
    if let template { return try await template.value }
    let server = try await running()
    let task = Task { try await Self.makeTemplate(on: server) }
    template = task
    return try await task.value
  }

  private static func makeTemplate(on server: PrivatePostgres) async throws -> String {
    let name = "migrated"
    try await run("CREATE DATABASE \(name) TEMPLATE template0", on: server)
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: server.connectionString(database: name)),
      limits: .one, logger: quiet)
    try await Migrator(pool: pool, timescale: .never, clock: WallClock { noon }).migrate()
    await pool.close()
    // TimescaleDB's scheduler looks into every database that lets it, and what is looked at is not copied.
    try await run(
      """
      ALTER DATABASE \(name) ALLOW_CONNECTIONS false;
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)';
      """, on: server)
    return name
  }

  /// Runs a script as the server's administrator.
  static func run(_ script: String, on server: PrivatePostgres) async throws {
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: server.connectionString(database: "postgres")),
      limits: .one, logger: quiet)
    try await pool.run { connection throws(PostgresError) in try connection.run(script: script) }
    await pool.close()
  }

  func running() async throws -> PrivatePostgres {
    if let start { return try await start.value.0 }
    let task = Task { try await Self.startServer(settings: ["fsync": "off"]) }
    start = task
    return try await task.value.0
  }

  func freshName() -> String {
    databases += 1
    return "test_\(databases)"
  }

  /// A server that a test may kill.
  static func startServer(
    timescaleDB: Bool = true, settings: [String: String] = [:]
  ) async throws -> (PrivatePostgres, TemporaryDirectory) {
    let directory = try TemporaryDirectory()
    var options = PrivatePostgres.Options()
    options.timescaleDB = timescaleDB
    // Autovacuum looks into the template while it is being copied, which is refused then.
    options.settings = settings.merging(["max_connections": "200", "autovacuum": "off"]) { $1 }
    let server = try PrivatePostgres(directory: directory.path + "/postgres", options: options)
    try await server.start()
    return (server, directory)
  }
}

/// Where readings are kept in a run of a parameterised test.
enum StorageKind: String, CaseIterable, Sendable {
  case partitions
  case hypertable

  var timescale: TimescaleUse { self == .partitions ? .never : .automatic }
}

/// A database of one's own and a pool on it.
struct TestDatabase: Sendable {
  let connectionString: String
  let pool: PostgresPool
  let migrator: Migrator
  let timescale: TimescaleUse
  /// One for all, as in the server: it remembers things.
  let store: PostgresReadingStore

  init(
    connectionString: String, pool: PostgresPool, migrator: Migrator, timescale: TimescaleUse
  ) {
    self.connectionString = connectionString
    self.pool = pool
    self.migrator = migrator
    self.timescale = timescale
    store = PostgresReadingStore(pool: pool, codec: LineCodec())
  }

  var catalogue: PostgresSensorCatalogue { PostgresSensorCatalogue(pool: pool) }
  var provisioner: TenantProvisioner { TenantProvisioner(migrator: migrator) }

  func newPool(_ limits: PoolLimits = PoolLimits()) throws -> PostgresPool {
    try PostgresPool(
      PostgresConfiguration(connectionString: connectionString), limits: limits, logger: quiet)
  }

  /// Of the pool's connection; there is one, and asking is no round trip.
  var roundTrips: Int {
    get async throws {
      try await pool.run { connection throws(PostgresError) in connection.roundTrips }
    }
  }

  /// One value of one row, for looking behind the scenes.
  func integer(_ sql: String) async throws -> Int64? {
    let command = Command(sql)
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        try row.optionalInt8(0)
      }
    }.first ?? nil
  }

  func run(_ script: String) async throws {
    try await pool.run { connection throws(PostgresError) in try connection.run(script: script) }
  }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// What the clock of a test says: noon on 2025-06-15, UTC.
let noon = Timestamp(microseconds: 1_749_988_800_000_000)

/// Runs `body` with a database that nobody else uses and that is dropped afterwards.
func withDatabase(
  _ storage: StorageKind = .partitions, migrated: Bool = true, limits: PoolLimits = PoolLimits(),
  _ body: (TestDatabase) async throws -> Void
) async throws {
  let server = try await TestServer.shared.running()
  if storage == .hypertable, !server.hasTimescaleDB {
    try Test.cancel("TimescaleDB is not installed here: the hypertable half is not run")
  }
  await TestServer.shared.enter()
  let result: Result<Void, any Error>
  do {
    result = .success(
      try await runWithDatabase(on: server, storage, migrated: migrated, limits: limits, body))
  } catch {
    result = .failure(error)
  }
  await TestServer.shared.leave()
  try result.get()
}

private func runWithDatabase(
  on server: PrivatePostgres, _ storage: StorageKind, migrated: Bool, limits: PoolLimits,
  _ body: (TestDatabase) async throws -> Void
) async throws {
  let name = await TestServer.shared.freshName()
  let isCopy = migrated && storage == .partitions
  let template = isCopy ? try await TestServer.shared.migratedTemplate() : "template0"
  try await TestServer.run("CREATE DATABASE \(name) TEMPLATE \(template)", on: server)
  let connectionString = server.connectionString(database: name)
  let pool = try PostgresPool(
    PostgresConfiguration(connectionString: connectionString), limits: limits, logger: quiet)
  let database = TestDatabase(
    connectionString: connectionString, pool: pool,
    migrator: Migrator(
      pool: pool, timescale: storage.timescale, clock: WallClock { noon }),
    timescale: storage.timescale)
  var failure: (any Error)?
  do {
    if migrated, !isCopy { try await database.migrator.migrate() }
    try await body(database)
  } catch {
    failure = error
  }
  await pool.close()
  try await TestServer.run("DROP DATABASE \(name) WITH (FORCE)", on: server)
  if let failure { throw failure }
}

/// A journal codec for people: one line per reading.
struct LineCodec: JournalCodec {
  func encode(_ readings: [ValidReading]) -> [UInt8] {
    Array(
      readings.map { "\($0.sensor.key) \($0.timestamp.microseconds) \($0.value)\n" }.joined().utf8)
  }

  func decode(_ payload: [UInt8]) -> [ValidReading]? { nil }

  /// (sensor key, microseconds, value) of each line.
  static func lines(_ payload: [UInt8]) -> [String] {
    String(decoding: payload, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

extension Timestamp {
  static func + (timestamp: Timestamp, seconds: Int) -> Timestamp {
    timestamp.advanced(by: .seconds(seconds))
  }
}
