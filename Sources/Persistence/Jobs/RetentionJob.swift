// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Applies a tenant's settings to its readings: deletes whole partitions or chunks that are too old, once all
/// that was in them is in the rollups, and what is known of warnings with them; compresses chunks where there
/// is TimescaleDB.
package struct RetentionJob: TenantJob {
  package let name = "retention"
  package let interval: Duration
  package let deletesData = true
  private let pool: PostgresPool
  private let clock: WallClock

  /// - Parameter interval: how late it is applied at most. Default an hour.
  package init(pool: PostgresPool, clock: WallClock, interval: Duration = .seconds(3_600)) {
    self.pool = pool
    self.clock = clock
    self.interval = interval
  }

  package func run(for tenant: Tenant) async throws(StoreError) -> JobTurn {
    let schema: TenantSchema
    do throws(PostgresError) { schema = try TenantSchema(tenant) } catch { throw StoreError(error) }
    let now = clock.now()
    return try await pool.withUpkeepLock(on: schema, timeout: .seconds(240)) {
      connection throws(PostgresError) in
      let settings = try PostgresTelemetrySettings.read(schema, on: connection)
      var turn = JobTurn()
      if let days = settings.rawDays {
        let cutoff = RollupLevel.day.floor(now.advanced(by: .seconds(-86_400 * days)))
        let dropped = try ReadingRetention(schema, cutoff: cutoff).run(on: connection)
        turn = try WarningRetention(schema, cutoff: cutoff).run(on: connection)
        turn.counts["parts_deleted"] = dropped == 0 ? nil : dropped
      }
      if let days = settings.compressAfterDays, settings.canCompress {
        let cutoff = now.advanced(by: .seconds(-86_400 * days))
        let compression = ReadingCompression(schema, cutoff: cutoff)
        turn.counts.merge(try compression.run(on: connection).counts) { $1 }
        turn.hasMore =
          turn.hasMore || turn.counts["chunks_compressed"] == ReadingCompression.chunksPerTurn
      }
      try connection.query(
        Command(
          "UPDATE \(schema.table("telemetry_settings")) SET retained_at = $1", [.timestamptz(now)]))
      return turn
    } ?? .elsewhere
  }
}

/// Deletes readings in whole partitions or chunks.
struct ReadingRetention: Sendable {
  private let schema: TenantSchema
  private let cutoff: Timestamp

  /// - Parameter cutoff: what ends here or before goes.
  init(_ schema: TenantSchema, cutoff: Timestamp) {
    self.schema = schema
    self.cutoff = cutoff
  }

  /// - Returns: how many partitions or chunks were deleted; 0 also while some of what is in them is not
  ///   rolled up yet.
  func run(on connection: isolated PostgresConnection) throws(PostgresError) -> Int {
    let parts = try parts(on: connection)
    guard let end = parts.map(\.end).max() else { return 0 }
    // Not long in the way of writers: they would queue behind this lock's wait.
    try connection.run(script: "BEGIN; SET LOCAL lock_timeout = '5s'")
    for part in parts { try connection.run(script: part.script) }
    // Now nobody writes there any more, and who did has marked it.
    let dirty = try connection.rows(
      Command(
        """
        SELECT count(*) FROM \(schema.table("telemetry_dirty_hours")) dirty
        JOIN \(schema.table("telemetry_settings")) settings ON dirty.hour >= settings.kept_from
        WHERE dirty.hour < $1
        """, [.timestamptz(end)])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
    guard dirty == [0] else {
      try connection.query(.rollback)
      return 0
    }
    try connection.pipeline([
      Command(
        """
        UPDATE \(schema.table("telemetry_settings")) SET kept_from = greatest(kept_from, $1)
        """, [.timestamptz(end)]),
      Command(
        """
        DELETE FROM \(schema.table("telemetry_dirty_hours")) WHERE hour IN (
          SELECT hour FROM \(schema.table("telemetry_dirty_hours")) WHERE hour < $1
          FOR UPDATE SKIP LOCKED)
        """, [.timestamptz(end)]),
      .commit,
    ])
    return parts.count
  }

  private struct Part {
    let end: Timestamp
    let script: String
  }

  private func parts(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Part] {
    switch try connection.readingTable(in: schema.identifier) {
    case .partitioned(let names):
      return ReadingMonth.named(names).filter { $0.end <= cutoff }.map { month in
        Part(end: month.end, script: "DROP TABLE \(schema.table(month.tableName))")
      }
    case .unpartitioned:
      guard case .hypertable(let timescale)? = try connection.installedTimescale() else {
        return []
      }
      let ends = try connection.rows(
        Command(
          """
          SELECT range_end FROM timescaledb_information.chunks
          WHERE hypertable_schema = $1::text AND hypertable_name = 'telemetry_readings'
            AND range_end <= $2
          """, [.text(schema.identifier.name), .timestamptz(cutoff)])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.timestamptz(0) }
      let readings = PostgresIdentifier.literal(schema.table("telemetry_readings"))
      return ends.map { end in
        Part(
          end: end,
          script: """
            SELECT \(timescale.quoted).drop_chunks(\(readings)::regclass,
              older_than => timestamptz '\(end.rfc3339)')
            """)
      }
    }
  }
}

/// Compresses chunks of readings.
struct ReadingCompression: Sendable {
  /// Some 100 ms each for a million rows.
  static let chunksPerTurn = 4

  private let schema: TenantSchema
  private let cutoff: Timestamp

  /// - Parameter cutoff: what ends here or before is compressed.
  init(_ schema: TenantSchema, cutoff: Timestamp) {
    self.schema = schema
    self.cutoff = cutoff
  }

  func run(on connection: isolated PostgresConnection) throws(PostgresError) -> JobTurn {
    guard case .hypertable(let timescale)? = try connection.installedTimescale() else {
      return JobTurn()
    }
    let chunks = try connection.rows(
      Command(
        """
        SELECT format('%I.%I', chunk_schema, chunk_name) FROM timescaledb_information.chunks
        WHERE hypertable_schema = $1::text AND hypertable_name = 'telemetry_readings'
          AND range_end <= $2 AND NOT is_compressed
        ORDER BY range_end LIMIT $3
        """,
        [
          .text(schema.identifier.name), .timestamptz(cutoff), .int8(Int64(Self.chunksPerTurn)),
        ])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0) }
    guard !chunks.isEmpty else { return JobTurn() }
    try connection.run(
      script: """
        ALTER TABLE \(schema.table("telemetry_readings")) SET (timescaledb.compress,
          timescaledb.compress_segmentby = 'sensor_id',
          timescaledb.compress_orderby = '"timestamp"')
        """)
    for chunk in chunks {
      try connection.run(
        script: """
          SELECT \(timescale.quoted).compress_chunk(\(PostgresIdentifier.literal(chunk))::regclass)
          """)
    }
    return JobTurn(counts: ["chunks_compressed": chunks.count])
  }
}
