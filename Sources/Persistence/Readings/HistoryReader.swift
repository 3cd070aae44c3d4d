// SPDX-License-Identifier: Apache-2.0
import Domain

/// One page of history, raw or bucketed, ascending by (time, sensor key).
///
/// Cost is proportional to the page, not to the range: raw readings are taken from each sensor's stretch of
/// the index, at most a page from each; for buckets see ``BucketReader``.
struct HistoryReader: Sendable {
  private let query: HistoryQuery
  private let position: HistoryPosition?
  private let schema: TenantSchema
  private let pageSize: Int
  private let rollups: RollupMemory

  init(
    _ query: HistoryQuery, after position: HistoryPosition?, schema: TenantSchema,
    rollups: RollupMemory
  ) {
    self.query = query
    self.position = position
    self.schema = schema
    self.rollups = rollups
    // One more is read than returned, to know whether there is more.
    pageSize = min(max(1, query.pageSize), Int(Int32.max) - 1)
  }

  func page(on connection: isolated PostgresConnection) throws(PostgresError) -> HistoryPage {
    guard !query.sensors.isEmpty, query.from < query.to else {
      return HistoryPage(points: [], next: nil)
    }
    var points: [HistoryPoint]
    switch query.resolution {
    case .raw: points = try readings(of: query.sensors, on: connection)
    case .buckets(let width):
      points = try BucketReader(
        query, width: max(1, width), after: position, pageSize: pageSize, schema: schema,
        memory: rollups
      ).points(on: connection)
    }
    guard points.count > pageSize else { return HistoryPage(points: points, next: nil) }
    points.removeLast(points.count - pageSize)
    let next = points.last.map {
      HistoryPosition(timestamp: $0.timestamp, sensorKey: $0.sensorKey)
    }
    return HistoryPage(points: points, next: next)
  }

  private func readings(
    of sensors: [Int64], on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [HistoryPoint] {
    // Where each sensor's stretch starts. After a position (t, k): sensors up to k just after t.
    let starts = sensors.map { sensor -> Timestamp in
      guard let position else { return query.from }
      let start =
        sensor <= position.sensorKey
        ? position.timestamp.advanced(by: .microseconds(1)) : position.timestamp
      return max(start, query.from)
    }
    let command = Command(
      """
      SELECT wanted.sensor_id, reading."timestamp", reading.value
      FROM unnest($1, $2) AS wanted (sensor_id, start)
      CROSS JOIN LATERAL (
        SELECT r."timestamp", r.value FROM \(schema.table("telemetry_readings")) r
        WHERE r.sensor_id = wanted.sensor_id
          AND r."timestamp" >= wanted.start AND r."timestamp" >= $3 AND r."timestamp" < $4
        ORDER BY r."timestamp" LIMIT $5
      ) reading
      ORDER BY 2, 1 LIMIT $5
      """,
      [
        .int8Array(sensors), .timestamptzArray(starts),
        // Again as a constant, so that partitions and chunks before it are left out of the plan.
        .timestamptz(starts.min() ?? query.from), .timestamptz(query.to),
        .int8(Int64(pageSize) + 1),
      ])
    return try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
      let value = try row.float8(2)
      return HistoryPoint(
        sensorKey: try row.int8(0), timestamp: try row.timestamptz(1), average: value,
        minimum: value, maximum: value, last: value, count: 1)
    }
  }
}
