// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Writes down when sensors came and went, when their values went beyond their thresholds and came back, and keeps
/// the assets' health scores. What happened is read from the readings and their times, so that it is the same however
/// late the job runs; readings that arrive after newer ones were looked at change nothing of it. A sensor is looked
/// at when a gap is possible at all, once per timeout while it measures, and once an hour at least.
package struct StatusJob: TenantJob {
  package let name = "status"
  package let interval: Duration
  package let deletesData = false
  private let pool: PostgresPool
  private let clock: WallClock
  private let sensorsPerTurn: Int

  /// - Parameters:
  ///   - interval: how late somebody is noticed to be silent at most. Default a minute.
  ///   - sensorsPerTurn: bounds the work of one turn. Default 500.
  package init(
    pool: PostgresPool, clock: WallClock, interval: Duration = .seconds(60),
    sensorsPerTurn: Int = 500
  ) {
    self.pool = pool
    self.clock = clock
    self.interval = interval
    self.sensorsPerTurn = max(1, sensorsPerTurn)
  }

  package func run(for tenant: Tenant) async throws(StoreError) -> JobTurn {
    let schema: TenantSchema
    do throws(PostgresError) { schema = try TenantSchema(tenant) } catch { throw StoreError(error) }
    let now = clock.now()
    let command = Self.command(CatalogueTables(schema), now: now, limit: sensorsPerTurn)
    let limit = Int64(sensorsPerTurn)
    let health = CatalogueTables(schema).refreshHealth
    return try await pool.withUpkeepLock(on: schema, timeout: .seconds(60)) {
      connection throws(PostgresError) in
      let looked = try connection.rows(command) {
        (row: borrowing PostgresRow) throws(PostgresError) in
        (sensors: try row.int8(0), changes: try row.int8(1))
      }
      guard let count = looked.first else { throw .unexpected("no counts of sensors") }
      let hasMore = count.sensors == limit
      let counts = ["changes": Int(count.changes)]
      if hasMore { return JobTurn(counts: counts, hasMore: true) }
      var silence: Double?
      let touched = try connection.pipeline([health, Self.nextSilence(schema, now: now)]) {
        (_: Int, row: borrowing PostgresRow) throws(PostgresError) in
        silence = try row.optionalFloat8(0)
      }
      return JobTurn(
        counts: counts.merging(["health_scores": touched[0]]) { $1 },
        nextWithin: silence.map { .seconds($0) })
    } ?? .elsewhere
  }

  /// Selects the seconds until the first of those who are online has been silent for too long; NULL: nobody is.
  private static func nextSilence(_ schema: TenantSchema, now: Timestamp) -> Command {
    Command(
      """
      SELECT extract(epoch FROM min(
          status.last_timestamp + make_interval(secs => device.offline_after_seconds)) - $1
        )::double precision
      FROM \(schema.table("telemetry_sensorstate")) state
      JOIN \(schema.table("ingest_sensorstatus")) status USING (sensor_id)
      JOIN \(schema.table("assets_sensor")) sensor ON sensor.id = state.sensor_id
      JOIN \(schema.table("assets_device")) device ON device.id = sensor.device_id
      WHERE state.is_online
      """, [.timestamptz(now)])
  }

  /// `due`: sensors of which a reading may have come after a gap, or of which none came for too long; locked, so that
  /// nobody deletes one of them meanwhile and leaves what is written here behind.
  /// `reading`: their readings since the last look, each with the one before. Whoever is seen for the
  /// first time is online from its newest reading on; whoever was offline, from its first one on, even where a
  /// timeout that was made longer meanwhile covers the gap.
  /// `turn`: where the verdict on their values changed.
  private static func command(_ tables: CatalogueTables, now: Timestamp, limit: Int) -> Command {
    Command(
      """
      WITH due AS (
        SELECT status.sensor_id, status.last_timestamp, limits.timeout, state.is_online,
          coalesce(state.seen_until, status.last_timestamp) AS seen_until, sensor.thresholds,
          coalesce(state.is_beyond, false) AS was_beyond, status.last_timestamp AS until
        FROM \(tables.sensorStatus) status
        JOIN \(tables.sensors) sensor ON sensor.id = status.sensor_id
        JOIN \(tables.devices) device ON device.id = sensor.device_id
        CROSS JOIN LATERAL (
          SELECT make_interval(secs => device.offline_after_seconds) AS timeout
        ) limits
        LEFT JOIN \(tables.sensorStates) state ON state.sensor_id = status.sensor_id
        WHERE state.sensor_id IS NULL
          OR status.last_timestamp > state.seen_until + least(limits.timeout, interval '1 hour')
          OR (NOT state.is_online AND status.last_timestamp > state.seen_until)
          OR (state.is_online AND status.last_timestamp + limits.timeout <= $1)
        ORDER BY status.sensor_id LIMIT $2
        FOR KEY SHARE OF sensor
      ), reading AS (
        SELECT due.sensor_id, due.timeout, due.seen_until, due.is_online AS was_online,
          r."timestamp" AS at, lag(r."timestamp", 1, due.seen_until) OVER (
            PARTITION BY due.sensor_id ORDER BY r."timestamp") AS before
        FROM due CROSS JOIN LATERAL (
          SELECT reading."timestamp" FROM \(tables.readings) reading
          WHERE reading.sensor_id = due.sensor_id AND reading."timestamp" > due.seen_until
            AND reading."timestamp" <= due.last_timestamp
        ) r
      ), change AS (
        SELECT sensor_id, before + timeout AS since, false AS is_online FROM reading
          WHERE at - before > timeout
        UNION SELECT sensor_id, at, true FROM reading
          WHERE at - before > timeout OR (NOT was_online AND before = seen_until)
        UNION SELECT sensor_id, last_timestamp, true FROM due WHERE is_online IS NULL
        UNION SELECT sensor_id, last_timestamp + timeout, false FROM due
          WHERE last_timestamp + timeout <= $1
      ), written AS (
        INSERT INTO \(tables.statusHistory) (sensor_id, since, is_online)
        SELECT sensor_id, since, is_online FROM change
        ON CONFLICT (sensor_id, since) DO NOTHING RETURNING 1
      ), turn AS (\(WarningChanges(tables).changes(of: "due"))
      ), warned AS (
        INSERT INTO \(tables.warningHistory) (sensor_id, since, is_beyond)
        SELECT sensor_id, since, is_beyond FROM turn
        ON CONFLICT (sensor_id, since) DO UPDATE SET is_beyond = EXCLUDED.is_beyond RETURNING 1
      ), looked AS (
        INSERT INTO \(tables.sensorStates) (sensor_id, is_online, seen_until, is_beyond)
        SELECT due.sensor_id, due.last_timestamp + due.timeout > $1, due.last_timestamp,
          coalesce(verdict.is_beyond, due.was_beyond)
        FROM due LEFT JOIN (
          SELECT DISTINCT ON (sensor_id) sensor_id, is_beyond FROM turn
          ORDER BY sensor_id, since DESC
        ) verdict ON verdict.sensor_id = due.sensor_id
        ON CONFLICT (sensor_id) DO UPDATE SET is_online = EXCLUDED.is_online,
          seen_until = EXCLUDED.seen_until, is_beyond = EXCLUDED.is_beyond RETURNING 1
      )
      SELECT (SELECT count(*) FROM looked),
        (SELECT count(*) FROM written) + (SELECT count(*) FROM warned)
      """, [.timestamptz(now), .int8(Int64(limit))])
  }
}
