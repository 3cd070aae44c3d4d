// SPDX-License-Identifier: Apache-2.0
import Domain

/// Deletes what is known of values beyond thresholds before a time, as the readings that it was made of are: a value
/// that swings about a threshold writes a row for each.
struct WarningRetention: Sendable {
  /// Some 200 ms.
  static let rowsPerTurn = 50_000

  private let tables: CatalogueTables
  private let cutoff: Timestamp
  private let rows: Int

  init(_ schema: TenantSchema, cutoff: Timestamp, rows: Int = rowsPerTurn) {
    tables = CatalogueTables(schema)
    self.cutoff = cutoff
    self.rows = rows
  }

  /// The last row of a sensor before the time stays: it says how things were when the time began.
  func run(on connection: isolated PostgresConnection) throws(PostgresError) -> JobTurn {
    let deleted = try connection.pipeline([
      Command(
        """
        DELETE FROM \(tables.warningHistory) WHERE (sensor_id, since) IN (
          SELECT old.sensor_id, old.since FROM \(tables.sensors) sensor
          CROSS JOIN LATERAL (
            SELECT max(known.since) AS since FROM \(tables.warningHistory) known
            WHERE known.sensor_id = sensor.id AND known.since < $1) last
          JOIN \(tables.warningHistory) old ON old.sensor_id = sensor.id AND old.since < last.since
          LIMIT $2)
        """, [.timestamptz(cutoff), .int8(Int64(rows))]),
      Command(
        "DELETE FROM \(tables.formerThresholds) WHERE until < $1", [.timestamptz(cutoff)]),
    ])
    guard deleted[0] > 0 else { return JobTurn() }
    return JobTurn(counts: ["warnings_deleted": deleted[0]], hasMore: deleted[0] == rows)
  }
}
