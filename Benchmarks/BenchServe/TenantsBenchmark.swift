// SPDX-License-Identifier: Apache-2.0
import Credentials
import DevStack
import Domain
import Foundation
import Glibc
import Logging
import Persistence

/// A thousand tenants: what one more costs, and what a migration of all of them does, also when it is killed.
struct TenantsBenchmark {
  private static let tenants = 1_000
  private static let registrations = 100

  let report: Report

  func run() async throws {
    report.section("\(Self.tenants) tenants")
    let directory = try TemporaryDirectory()
    var options = PrivatePostgres.Options()
    options.smallMemory = false
    options.timescaleDB = false
    let postgres = try PrivatePostgres(
      directory: "\(directory.path)/postgres", options: options)
    try await postgres.start()
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: postgres.connectionString), logger: logger)
    let migrator = Migrator(
      pool: pool, timescale: .never, clock: WallClock { TestPoints.now })
    try await migrator.migrate()
    let accounts = PostgresAccounts(migrator: migrator, clock: WallClock { TestPoints.now })
    try await fill(accounts)
    try await measureRegistrations(accounts)
    try await measureMigrations(migrator, postgres)
    await pool.close()
    await postgres.stop(.immediate)
    withExtendedLifetime(directory) {}
  }

  // MARK: Registration

  private static func register(
    _ name: String, _ password: PasswordHash, in accounts: PostgresAccounts
  ) async throws {
    guard let slug = TenantSlug(name), let email = EmailAddress("\(name)@bench.example"),
      let username = Username(name)
    else { throw BenchError("name") }
    _ = try await accounts.accounts.register(
      NewTenant(slug: slug, name: name, domains: ["\(name).localhost"]),
      owner: NewUser(
        email: email, username: username, profile: UserProfile(), password: password),
      by: AuditActor(name: "", origin: CallOrigin(), at: TestPoints.now))
  }

  private func fill(_ accounts: PostgresAccounts) async throws {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in 0..<4 {
        group.addTask {
          for number in stride(from: lane, to: Self.tenants, by: 4) {
            try await Self.register("t\(number)", PasswordHash(encoded: "!"), in: accounts)
          }
        }
      }
      try await group.waitForAll()
    }
    let took = ContinuousClock.now - start
    report.add(
      "registering the first \(Self.tenants), four at a time", took.milliseconds / 1_000, "s",
      digits: 1)
  }

  /// As the RPC does it: a password is hashed, then everything is made in one transaction.
  private func measureRegistrations(_ accounts: PostgresAccounts) async throws {
    let hasher = try PasswordHasher()
    var times: [Double] = []
    var hashing: [Double] = []
    for number in 0..<Self.registrations {
      let start = ContinuousClock.now
      let hash = try await hasher.hash(PlainPassword("correct horse \(number)"))
      hashing.append((ContinuousClock.now - start).milliseconds)
      try await Self.register("more\(number)", hash, in: accounts)
      times.append((ContinuousClock.now - start).milliseconds)
    }
    times.sort()
    hashing.sort()
    let p95 = times[times.count * 95 / 100]
    report.add("registration beside \(Self.tenants) tenants, p50", times[times.count / 2], "ms")
    report.add("of it the password hash, p50", hashing[hashing.count / 2], "ms")
    report.add(
      "the same registration, p95", p95, "ms", target: "< 1,000 ms", isMet: p95 < 1_000)
  }

  // MARK: Migration

  private func measureMigrations(
    _ migrator: Migrator, _ postgres: PrivatePostgres
  ) async throws {
    let start = ContinuousClock.now
    guard try await migrator.migrate().migrated.isEmpty else {
      throw BenchError("there was something to migrate")
    }
    let took = (ContinuousClock.now - start).milliseconds
    report.add("a migration of all that has nothing to do", took, "ms")
    var command = ChildProcess.Command(try House.sibling("traksense"), ["migrate"])
    command.environment = ["DB_URL": postgres.connectionString]
    let whole = try await time { try await ChildProcess.run(command) }
    report.add(
      "the same as a command, from start to end", whole, "ms", target: "< 2,000 ms",
      isMet: whole < 2_000)
    let one = AddColumn(url: postgres.connectionString, count: 1)
    let column = try await time {
      try await ChildProcess.run(Self.command(one), within: .seconds(600))
    }
    try await check(migrator, one)
    report.add(
      "one column for each of \(Self.tenants + Self.registrations)", column / 1_000, "s",
      digits: 1, target: "< 60 s", isMet: column < 60_000)
    try await measureKill(migrator, AddColumn(url: postgres.connectionString, count: 2))
  }

  /// SIGKILL in the middle, and again.
  private func measureKill(_ migrator: Migrator, _ column: AddColumn) async throws {
    let process = try ChildProcess(try Self.command(column))
    let half = (Self.tenants + Self.registrations) / 2
    let isInTheMiddle = try await eventually(within: .seconds(600), every: .milliseconds(5)) {
      try await facts(migrator, column).migrated >= half
    }
    guard isInTheMiddle, await process.kill() == .killed(signal: SIGKILL) else {
      throw BenchError("the migration was over before it could be killed")
    }
    let after = try await facts(migrator, column)
    report.note(
      "killed -9 after \(after.migrated) of \(Self.tenants + Self.registrations);"
        + " half migrated: \(after.torn)")
    guard after.torn == 0 else { throw BenchError("a schema is half migrated") }
    let rest = try await time {
      try await ChildProcess.run(Self.command(column), within: .seconds(600))
    }
    try await check(migrator, column)
    report.add("finishing it by another run", rest / 1_000, "s", digits: 1)
  }

  private static func command(_ column: AddColumn) throws -> ChildProcess.Command {
    ChildProcess.Command(try House.sibling("BenchServe"), column.arguments)
  }

  private func time(_ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start).milliseconds
  }

  private func check(_ migrator: Migrator, _ column: AddColumn) async throws {
    let facts = try await facts(migrator, column)
    guard facts.migrated == Self.tenants + Self.registrations, facts.torn == 0 else {
      throw BenchError("\(facts.migrated) schemas are migrated, \(facts.torn) of them by half")
    }
  }

  /// How many schemas say that they have the column, and how many say what is not so.
  private func facts(
    _ migrator: Migrator, _ column: AddColumn
  ) async throws -> (migrated: Int, torn: Int) {
    let command = Command(
      """
      SELECT count(*) FILTER (WHERE version >= $1),
        count(*) FILTER (WHERE (version >= $1) <> (columns.nspname IS NOT NULL))
      FROM public.schema_versions LEFT JOIN (
        SELECT nspname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relname = 'assets_site' AND attname = $2::text) columns
      ON columns.nspname = schema_name WHERE schema_name <> 'public'
      """, [.int4(column.version), .text("bench_\(column.count)")])
    let rows = try await migrator.pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        (migrated: Int(try row.int8(0)), torn: Int(try row.int8(1)))
      }
    }
    guard let facts = rows.first else { throw BenchError("no answer") }
    return facts
  }
}

extension Duration {
  fileprivate var milliseconds: Double {
    Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1e15
  }
}
