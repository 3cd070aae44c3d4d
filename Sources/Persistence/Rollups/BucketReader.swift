// SPDX-License-Identifier: Apache-2.0
import Domain

/// Buckets of a device's sensors, ascending by (start, sensor key).
///
/// Read in windows just wide enough for a page when every bucket is full, wider ones where the data is
/// thin, each from the tables that its ``RollupPlan`` names, all in one snapshot together with the list of
/// dirty hours: what is answered is what a recomputation from all readings would give, at any time.
struct BucketReader: Sendable {
  /// Growth of the window after one that held too little.
  private static let windowGrowth: Int64 = 4

  private let query: HistoryQuery
  private let width: Int64
  private let position: HistoryPosition?
  private let pageSize: Int
  private let schema: TenantSchema
  private let level: RollupLevel

  /// - Parameter width: of a bucket, in microseconds; at least 1.
  init(
    _ query: HistoryQuery, width: Int64, after position: HistoryPosition?, pageSize: Int,
    schema: TenantSchema
  ) {
    self.query = query
    self.width = width
    self.position = position
    self.pageSize = pageSize
    self.schema = schema
    level = RollupLevel(forBuckets: width)
  }

  /// Two round trips where one window is enough.
  /// - Returns: up to one point more than the page takes.
  func points(on connection: isolated PostgresConnection) throws(PostgresError) -> [HistoryPoint] {
    let from = max(query.from, position?.timestamp ?? query.from)
    var snapshot = RollupSnapshot()
    var first: Timestamp? = from
    if level == .readings {
      first = try openAtFirstReading(from, on: connection)
    } else {
      try snapshot.open(schema, from..<max(from, query.to), on: connection)
      first = snapshot.start(for: from)
    }
    var buckets = BucketSums(width: width)
    var points: [HistoryPoint] = []
    var start = first ?? query.to
    var span = Self.product(
      width, Int64((pageSize + query.sensors.count) / query.sensors.count))
    var isOpen = true
    while start < query.to, points.count <= pageSize {
      // Windows end on a bucket's edge: no bucket is computed twice, or from a part of its readings.
      let end = min(query.to, edge(after: start, span))
      let plan = RollupPlan(start..<end, level: level, dirtyHours: snapshot.dirtyHours)
      var commands = plan.pieces.map(sums)
      if end == query.to {
        commands.append(.commit)
        isOpen = false
      }
      try connection.pipeline(commands) {
        (_: Int, row: borrowing PostgresRow) throws(PostgresError) in try buckets.add(row)
      }
      points += buckets.take(after: position)
      start = end
      span = Self.product(span, Self.windowGrowth)
    }
    if isOpen { try connection.query(.commit) }
    return points
  }

  /// Opens the snapshot where there are no rollups that empty stretches could be skipped through.
  /// - Returns: the start of the bucket of the first reading from `from` on.
  private func openAtFirstReading(
    _ from: Timestamp, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Timestamp? {
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
      [.int8(width), .int8Array(query.sensors), .timestamptz(from), .timestamptz(query.to)])
    var start: Timestamp?
    try connection.pipeline([.beginSnapshot, command]) {
      (_: Int, row: borrowing PostgresRow) throws(PostgresError) in
      start = try row.timestamptz(0)
    }
    return start.map { max($0, query.from) }
  }

  // MARK: Windows and pieces

  /// The last edge of a bucket within `span` of an instant, but the next one at least.
  private func edge(after start: Timestamp, _ span: Int64) -> Timestamp {
    let instant = start.microseconds
    let rest = instant % width
    let (bucket, underflow) = instant.subtractingReportingOverflow(rest < 0 ? rest + width : rest)
    let (edge, overflow) = (underflow ? Int64.min : bucket).addingReportingOverflow(span)
    return Timestamp(microseconds: overflow ? .max : edge)
  }

  private func sums(_ piece: RollupPlan.Piece) -> Command {
    piece.sums(
      of: query.sensors, schema: schema,
      bucket: "date_bin(\(width) * interval '1 microsecond', \(piece.level.columns.time), 'epoch')")
  }

  /// Saturates.
  private static func product(_ left: Int64, _ right: Int64) -> Int64 {
    let (product, overflow) = left.multipliedReportingOverflow(by: max(1, right))
    return overflow ? .max - .max % max(1, left) : product
  }
}
