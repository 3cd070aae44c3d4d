// SPDX-License-Identifier: Apache-2.0
import Domain

/// One page of history, raw or bucketed, ascending by (time, sensor key).
///
/// Cost is proportional to the page, not to the range: raw readings are taken from each sensor's stretch of
/// the index, at most a page from each; buckets are computed in windows just wide enough for a page
/// when every bucket is full, wider ones where the data is thin.
struct HistoryReader: Sendable {
  /// Growth of the window after one that held too little.
  private static let windowGrowth: Int64 = 4

  private let query: HistoryQuery
  private let position: HistoryPosition?
  private let schema: TenantSchema
  private let pageSize: Int

  init(_ query: HistoryQuery, after position: HistoryPosition?, schema: TenantSchema) {
    self.query = query
    self.position = position
    self.schema = schema
    // One more is read than returned, to know whether there is more.
    pageSize = min(max(1, query.pageSize), Int(Int32.max) - 1)
  }

  func page(on connection: isolated PostgresConnection) throws(PostgresError) -> HistoryPage {
    let sensors = try sensorKeys(on: connection)
    guard !sensors.isEmpty, query.from < query.to else { return HistoryPage(points: [], next: nil) }
    var points: [HistoryPoint]
    switch query.resolution {
    case .raw: points = try readings(of: sensors, on: connection)
    case .buckets(let width):
      points = try buckets(of: sensors, width: max(1, width), on: connection)
    }
    guard points.count > pageSize else { return HistoryPage(points: points, next: nil) }
    points.removeLast(points.count - pageSize)
    let next = points.last.map {
      HistoryPosition(timestamp: $0.timestamp, sensorKey: $0.sensorKey)
    }
    return HistoryPage(points: points, next: next)
  }

  /// Active sensors of the device that the filters let through, ascending.
  private func sensorKeys(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Int64] {
    let command = Command(
      """
      SELECT sensor.id FROM \(schema.table("assets_device")) device
      JOIN \(schema.table("assets_sensor")) sensor ON sensor.device_id = device.id
      WHERE device.mqtt_client_id = $1 AND device.is_active AND sensor.is_active
        AND (cardinality($2) = 0 OR sensor.tag = ANY ($2))
        AND (cardinality($3) = 0 OR sensor.metric_type = ANY ($3))
      ORDER BY sensor.id
      """,
      [
        .text(query.device.rawValue), .textArray(query.sensors.map(\.rawValue)),
        .textArray(query.types.sorted()),
      ])
    return try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
      try row.int8(0)
    }
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
        minimum: value, maximum: value, count: 1)
    }
  }

  /// Each bucket is computed from all its readings in [from, to), so no page ever splits one.
  private func buckets(
    of sensors: [Int64], width: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [HistoryPoint] {
    guard let first = try firstBucket(of: sensors, width: width, on: connection) else { return [] }
    var points: [HistoryPoint] = []
    var start = first
    var span = Self.saturatingProduct(width, Int64((pageSize + sensors.count) / sensors.count))
    while start < query.to, points.count <= pageSize {
      let (sum, overflow) = start.microseconds.addingReportingOverflow(span)
      let end = overflow ? query.to : min(query.to, Timestamp(microseconds: sum))
      try connection.query(
        Command(
          """
          SELECT sensor_id, date_bin($1 * interval '1 microsecond', "timestamp", 'epoch'),
            avg(value), min(value), max(value), count(*)
          FROM \(schema.table("telemetry_readings"))
          WHERE sensor_id = ANY ($2) AND "timestamp" >= $3 AND "timestamp" < $4
          GROUP BY 2, 1
          HAVING (date_bin($1 * interval '1 microsecond', "timestamp", 'epoch'), sensor_id)
            > ($5, $6)
          ORDER BY 2, 1 LIMIT $7
          """,
          [
            .int8(width), .int8Array(sensors), .timestamptz(max(start, query.from)),
            .timestamptz(end),
            .timestamptz(position?.timestamp ?? Timestamp(microseconds: .min)),
            .int8(position?.sensorKey ?? .min),
            .int8(Int64(pageSize + 1 - points.count)),
          ])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        points.append(
          HistoryPoint(
            sensorKey: try row.int8(0), timestamp: try row.timestamptz(1),
            average: try row.float8(2), minimum: try row.float8(3), maximum: try row.float8(4),
            count: try row.int8(5)))
      }
      start = end
      span = Self.saturatingProduct(span, Self.windowGrowth)
    }
    return points
  }

  /// Start of the bucket that holds the first reading from the position on: windows start where there
  /// is something, on a bucket's edge.
  private func firstBucket(
    of sensors: [Int64], width: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Timestamp? {
    let from = max(query.from, position?.timestamp ?? query.from)
    let command = Command(
      """
      SELECT date_bin($1 * interval '1 microsecond', min(first."timestamp"), 'epoch')
      FROM unnest($2) AS wanted (sensor_id)
      CROSS JOIN LATERAL (
        SELECT r."timestamp" FROM \(schema.table("telemetry_readings")) r
        WHERE r.sensor_id = wanted.sensor_id AND r."timestamp" >= $3 AND r."timestamp" < $4
        ORDER BY r."timestamp" LIMIT 1
      ) first
      HAVING count(*) > 0
      """,
      [.int8(width), .int8Array(sensors), .timestamptz(from), .timestamptz(query.to)])
    let starts = try connection.rows(command) {
      (row: borrowing PostgresRow) throws(PostgresError) in try row.timestamptz(0)
    }
    return starts.first
  }

  private static func saturatingProduct(_ left: Int64, _ right: Int64) -> Int64 {
    let (product, overflow) = left.multipliedReportingOverflow(by: max(1, right))
    return overflow ? .max : product
  }
}
