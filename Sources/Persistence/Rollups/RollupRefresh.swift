// SPDX-License-Identifier: Apache-2.0
import Domain

/// Rolls up the newest dirty hours and takes away their marks.
///
/// The marks are read first, then the hours are computed anew, and last those marks are deleted that are
/// still the ones that were read: a reading that came in between has marked its hour again, and the hour
/// stays dirty. Rollup tables are written in the transaction that deletes the marks; continuous aggregates
/// commit by themselves before that, while readers still take those hours from the readings.
struct RollupRefresh: Sendable {
  private let schema: TenantSchema
  private let before: Timestamp
  private let maxHours: Int

  private struct Mark {
    let hour: Timestamp
    let transaction: Int64
  }

  /// - Parameters:
  ///   - before: hours that end later are left alone.
  ///   - maxHours: most hours in one run, at least 1.
  init(_ schema: TenantSchema, before: Timestamp, maxHours: Int) {
    self.schema = schema
    self.before = before
    self.maxHours = maxHours
  }

  func run(on connection: isolated PostgresConnection) throws(PostgresError) -> JobTurn {
    var marks = try marks(on: connection)
    guard !marks.isEmpty else { return JobTurn() }
    let hasMore = marks.count > maxHours
    marks.removeLast(marks.count - min(maxHours, marks.count))
    let hours = Self.runs(marks.map(\.hour), of: .hour)
    let days = Self.runs(try finishedDays(marks, on: connection), of: .day)
    if try hasAggregates(on: connection) {
      guard case .hypertable(let timescale)? = try connection.installedTimescale() else {
        throw .unexpected("there are continuous aggregates without TimescaleDB")
      }
      for range in hours {
        try connection.run(script: refreshing(.fiveMinutes, range, timescale))
        try connection.run(script: refreshing(.hour, range, timescale))
      }
      for range in days { try connection.run(script: refreshing(.day, range, timescale)) }
      try connection.query(unmark(marks))
    } else {
      var commands = [Command.begin]
      commands += hours.map { summing(into: .fiveMinutes, from: .readings, $0) }
      commands += hours.map { summing(into: .hour, from: .fiveMinutes, $0) }
      commands += days.map { summing(into: .day, from: .hour, $0) }
      commands += [unmark(marks), .commit]
      try connection.pipeline(commands)
    }
    return JobTurn(counts: ["hours": marks.count], hasMore: hasMore)
  }

  // MARK: What there is to do

  /// Newest first, so that dashboards are served first after a large import.
  private func marks(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Mark] {
    let lastStart = RollupLevel.hour.floor(before).advanced(by: .zero - .seconds(3_600))
    let command = Command(
      """
      SELECT dirty.hour, dirty.marked_by FROM \(schema.table("telemetry_dirty_hours")) dirty
      JOIN \(schema.table("telemetry_settings")) settings ON dirty.hour >= settings.kept_from
      WHERE dirty.hour <= $1 ORDER BY 1 DESC LIMIT $2
      """, [.timestamptz(lastStart), .int8(Int64(maxHours) + 1)])
    return try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
      Mark(hour: try row.timestamptz(0), transaction: try row.int8(1))
    }
  }

  /// The days of the hours that have no other dirty hour. Those that have are read hour by hour until the
  /// last one of them is rolled up.
  private func finishedDays(
    _ marks: [Mark], on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Timestamp] {
    let days = Set(marks.map { RollupLevel.day.floor($0.hour) })
    let command = Command(
      """
      SELECT DISTINCT date_bin('1 day', hour, 'epoch')
      FROM \(schema.table("telemetry_dirty_hours"))
      WHERE date_bin('1 day', hour, 'epoch') = ANY ($1) AND NOT hour = ANY ($2)
      """, [.timestamptzArray(Array(days)), .timestamptzArray(marks.map(\.hour))])
    let unfinished = try connection.rows(command) {
      (row: borrowing PostgresRow) throws(PostgresError) in try row.timestamptz(0)
    }
    return Array(days.subtracting(unfinished))
  }

  private static func runs(
    _ starts: [Timestamp], of level: RollupLevel
  ) -> [Range<Timestamp>] {
    var runs: [Range<Timestamp>] = []
    for start in starts.sorted() {
      let end = level.end(from: start)
      if let last = runs.last, last.upperBound == start {
        runs[runs.count - 1] = last.lowerBound..<end
      } else {
        runs.append(start..<end)
      }
    }
    return runs
  }

  private func hasAggregates(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Bool {
    let kinds = try connection.rows(
      Command(
        "SELECT relkind = 'v' FROM pg_class WHERE oid = to_regclass($1)",
        [.text(schema.table(RollupLevel.fiveMinutes.table))])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.bool(0) }
    guard let isView = kinds.first else {
      throw PostgresError(sqlState: "42P01", message: "the tenant's schema has no rollups")
    }
    return isView
  }

  // MARK: Statements

  /// Not to be run in a transaction.
  private func refreshing(
    _ level: RollupLevel, _ range: Range<Timestamp>, _ timescale: PostgresIdentifier
  ) -> String {
    let view = PostgresIdentifier.literal(schema.table(level.table))
    return """
      CALL \(timescale.quoted).refresh_continuous_aggregate(\(view)::regclass,
        timestamptz '\(range.lowerBound.rfc3339)', timestamptz '\(range.upperBound.rfc3339)')
      """
  }

  /// Sensor by sensor, because the index of the readings starts with the sensor.
  private func summing(
    into level: RollupLevel, from source: RollupLevel, _ range: Range<Timestamp>
  ) -> Command {
    let columns = source.columns
    return Command(
      """
      INSERT INTO \(schema.table(level.table))
        (sensor_id, bucket, sum_value, min_value, max_value, last_value, count)
      SELECT known.sensor_id, sums.*
      FROM \(schema.table("ingest_sensorstatus")) known
      CROSS JOIN LATERAL (
        SELECT date_bin($1 * interval '1 microsecond', \(columns.time), 'epoch'), \(columns.sums)
        FROM \(schema.table(source.table)) source
        WHERE source.sensor_id = known.sensor_id
          AND \(columns.time) >= $2 AND \(columns.time) < $3
        GROUP BY 1
      ) sums
      ON CONFLICT (sensor_id, bucket) DO UPDATE SET sum_value = EXCLUDED.sum_value,
        min_value = EXCLUDED.min_value, max_value = EXCLUDED.max_value,
        last_value = EXCLUDED.last_value, count = EXCLUDED.count
      """,
      [.int8(level.width), .timestamptz(range.lowerBound), .timestamptz(range.upperBound)])
  }

  /// Takes away the marks that were not renewed; never waits for one that is being renewed.
  private func unmark(_ marks: [Mark]) -> Command {
    Command(
      """
      DELETE FROM \(schema.table("telemetry_dirty_hours")) WHERE hour IN (
        SELECT dirty.hour FROM \(schema.table("telemetry_dirty_hours")) dirty
        JOIN unnest($1, $2) AS seen (hour, marked_by)
          ON seen.hour = dirty.hour AND seen.marked_by = dirty.marked_by
        FOR UPDATE OF dirty SKIP LOCKED)
      """, [.timestamptzArray(marks.map(\.hour)), .int8Array(marks.map(\.transaction))])
  }
}
