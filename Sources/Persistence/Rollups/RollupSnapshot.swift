// SPDX-License-Identifier: Apache-2.0
import Domain

/// What must be known of the rollups, and in the same snapshot as they are read, to answer exactly.
struct RollupSnapshot: Sendable {
  /// Hours of the range whose rollups are not up to date, ascending.
  private(set) var dirtyHours: [Timestamp] = []
  /// Before this, rollups are all there is.
  private var keptFrom = Timestamp(microseconds: .min)

  /// Begins the transaction: one round trip. Whoever calls ends it.
  mutating func open(
    _ schema: TenantSchema, _ range: Range<Timestamp>, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    let commands = [
      .beginSnapshot,
      Command("SELECT kept_from FROM \(schema.table("telemetry_settings"))"),
      Command(
        """
        SELECT dirty.hour FROM \(schema.table("telemetry_dirty_hours")) dirty
        JOIN \(schema.table("telemetry_settings")) settings ON dirty.hour >= settings.kept_from
        WHERE dirty.hour >= $1 AND dirty.hour < $2 ORDER BY 1
        """,
        [
          .timestamptz(RollupLevel.hour.floor(range.lowerBound)),
          .timestamptz(range.upperBound),
        ]),
    ]
    var snapshot = RollupSnapshot()
    try connection.pipeline(commands) {
      (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      if number == 1 {
        snapshot.keptFrom = try row.timestamptz(0)
      } else {
        snapshot.dirtyHours.append(try row.timestamptz(0))
      }
    }
    self = snapshot
  }

  /// Where reading starts: of 5 minutes whose readings are gone, all count or none.
  func start(for from: Timestamp) -> Timestamp {
    from < keptFrom ? RollupLevel.fiveMinutes.floor(from) : from
  }
}

extension RollupPlan.Piece {
  /// Selects sensor, bucket, sum, minimum, maximum, last and count: what ``BucketSums`` takes.
  /// - Parameter bucket: SQL of numbers and columns of the table.
  func sums(of sensors: [Int64], schema: TenantSchema, bucket: String) -> Command {
    let columns = level.columns
    return Command(
      """
      SELECT sensor_id, \(bucket), \(columns.sums) FROM \(schema.table(level.table))
      WHERE sensor_id = ANY ($1) AND \(columns.time) >= $2 AND \(columns.time) < $3
      GROUP BY 2, 1
      """,
      [
        .int8Array(sensors), .timestamptz(range.lowerBound), .timestamptz(range.upperBound),
      ])
  }
}
