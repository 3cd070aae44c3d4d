// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Brings schemas up to date: one transaction per schema, one migrator at a time, the public schema first.
/// Whatever stops it, the next run goes on where this one ended.
package struct Migrator: Sendable {
  /// A schema that was brought up to date.
  package struct Step: Hashable, Sendable {
    package let schema: String
    package let fromVersion: Int32
    package let toVersion: Int32
    /// Which of `total` this was, from 1.
    package let number: Int
    package let total: Int
  }

  /// What a run did.
  package struct Report: Hashable, Sendable {
    package var migrated: [String] = []
    /// Round trips to the server; 1 when there was nothing to do.
    package var roundTrips = 0
  }

  private static let publicSchema = "public"

  package let pool: PostgresPool
  let timescale: TimescaleUse
  let clock: WallClock
  private let publicMigrations: [Migration]
  private let tenantMigrations: [Migration]

  /// - Parameter clock: tells around which month partitions are made ahead.
  package init(pool: PostgresPool, timescale: TimescaleUse = .automatic, clock: WallClock) {
    self.init(
      pool: pool, timescale: timescale, clock: clock, publicMigrations: Migration.forPublic,
      tenantMigrations: Migration.forTenants)
  }

  /// - Parameters:
  ///   - publicMigrations: steps of the public schema.
  ///   - tenantMigrations: steps of each tenant's schema; more than this program has for tests of what a
  ///     newer one does.
  package init(
    pool: PostgresPool, timescale: TimescaleUse, clock: WallClock, publicMigrations: [Migration],
    tenantMigrations: [Migration]
  ) {
    self.pool = pool
    self.timescale = timescale
    self.clock = clock
    self.publicMigrations = publicMigrations
    self.tenantMigrations = tenantMigrations
  }

  /// Migrates all schemas, or one tenant's. The public schema comes along in either case.
  /// - Parameters:
  ///   - schema: name of a tenant's schema, unquoted; nil: all.
  ///   - progress: called after each schema's COMMIT.
  /// - Throws: `.failed(3F000)` when no tenant has that schema.
  @discardableResult
  package func migrate(
    schema: String? = nil, progress: @escaping @Sendable (Step) -> Void = { _ in }
  ) async throws(StoreError) -> Report {
    try await pool.withConnection { connection throws(PostgresError) in
      let before = await connection.roundTrips
      var report = Report()
      if try await !pending(schema, on: connection).isEmpty {
        do throws(PostgresError) {
          report.migrated = try await migrate(schema, on: connection, progress)
        } catch {
          // Ends the session, and with it the lock, whatever the error was.
          await connection.close()
          throw error
        }
      }
      report.roundTrips = await connection.roundTrips - before
      return report
    }
  }

  private func migrate(
    _ schema: String?, on connection: PostgresConnection,
    _ progress: @escaping @Sendable (Step) -> Void
  ) async throws(PostgresError) -> [String] {
    _ = try await connection.perform(timeout: .zero) { connection throws(PostgresError) in
      try connection.query(
        Command("SELECT pg_advisory_lock($1)", [.int8(AdvisoryLock.migrations)]))
    }
    var migrated: [String] = []
    // Asked again under the lock; and once more after the public schema, which knows the tenants.
    for isPublic in [true, false] {
      let todo = try await pending(schema, on: connection).filter {
        ($0.schema == Self.publicSchema) == isPublic
      }
      guard !todo.isEmpty else { continue }
      let storage = try await connection.perform(timeout: .zero) {
        connection throws(PostgresError) in
        try connection.chooseReadingStorage(timescale)
      }
      for (index, item) in todo.enumerated() {
        let version = try await connection.perform(timeout: .zero) {
          connection throws(PostgresError) in
          try connection.query(.begin)
          let version = try apply(to: item, storage: storage, on: connection)
          try connection.query(.commit)
          return version
        }
        migrated.append(item.schema)
        progress(
          Step(
            schema: item.schema, fromVersion: item.version, toVersion: version,
            number: index + 1, total: todo.count))
      }
    }
    _ = try await connection.perform { connection throws(PostgresError) in
      try connection.query(
        Command("SELECT pg_advisory_unlock($1)", [.int8(AdvisoryLock.migrations)]))
    }
    return migrated
  }

  // MARK: One schema

  struct Pending: Sendable {
    let schema: String
    let version: Int32
  }

  /// Inside a transaction of the caller's.
  /// - Returns: the version reached.
  @discardableResult
  func apply(
    to pending: Pending, storage: ReadingStorage, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int32 {
    guard let identifier = PostgresIdentifier(pending.schema) else {
      throw PostgresError(sqlState: "42602", message: "a tenant's schema name is not usable")
    }
    let isPublic = pending.schema == Self.publicSchema
    if !isPublic {
      try connection.run(script: "CREATE SCHEMA IF NOT EXISTS \(identifier.quoted)")
    }
    let migrations = isPublic ? publicMigrations : tenantMigrations
    // A schema that has its readings keeps them where they are, whatever new schemas do.
    var storage = storage
    if !isPublic, pending.version >= Migration.tenant0002Readings.number,
      case .partitioned = try connection.readingTable(in: identifier)
    {
      storage = .partitions
    }
    for migration in migrations where migration.number > pending.version {
      try connection.run(script: migration.script(for: identifier, storage: storage))
    }
    if !isPublic, storage == .partitions {
      try connection.addPartitions(for: ReadingMonth.around(clock.now()), in: identifier)
    }
    let version = migrations.last?.number ?? 0
    try connection.query(
      Command(
        """
        INSERT INTO public.schema_versions (schema_name, version) VALUES ($1, $2)
        ON CONFLICT (schema_name) DO UPDATE SET version = EXCLUDED.version, applied_at = now()
        """, [.text(pending.schema), .int4(version)]))
    return version
  }

  // MARK: What there is to do

  /// One query, however many tenants there are. A schema that is ahead of this program (a newer one runs
  /// beside it) is left alone.
  private func pending(
    _ schema: String?, on connection: PostgresConnection
  ) async throws(PostgresError) -> [Pending] {
    let all = try await connection.perform { connection throws(PostgresError) in
      try Self.versions(on: connection)
    }
    if let schema, schema != Self.publicSchema, !all.contains(where: { $0.schema == schema }),
      all.first?.version != 0
    {
      throw PostgresError(sqlState: "3F000", message: "no tenant has the schema \(schema)")
    }
    return all.filter { item in
      let isPublic = item.schema == Self.publicSchema
      let latest = (isPublic ? publicMigrations : tenantMigrations).last?.number ?? 0
      return item.version < latest && (isPublic || schema == nil || schema == item.schema)
    }
  }

  /// The public schema first; version 0: never migrated.
  private static func versions(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Pending] {
    do throws(PostgresError) {
      return try connection.rows(
        Command(
          """
          SELECT s.schema_name, coalesce(v.version, 0) FROM (
            SELECT 0 AS position, 'public' AS schema_name
            UNION ALL SELECT id, schema_name FROM public.tenants_tenant
          ) s LEFT JOIN public.schema_versions v ON v.schema_name = s.schema_name
          ORDER BY s.position
          """)
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        Pending(schema: try row.text(0), version: try row.int4(1))
      }
    } catch {
      // undefined_table: an empty database.
      guard error.sqlState == "42P01" else { throw error }
      return [Pending(schema: publicSchema, version: 0)]
    }
  }
}
