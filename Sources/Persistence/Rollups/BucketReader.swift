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
  /// - Parameter sensorKeys: selects the wanted sensors' keys.
  /// - Returns: up to one point more than the page takes.
  func points(
    of sensorKeys: Command, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [HistoryPoint] {
    let state = try openSnapshot(sensorKeys, on: connection)
    guard !state.sensors.isEmpty else {
      try connection.query(.commit)
      return []
    }
    var buckets = BucketSums(width: width)
    var points: [HistoryPoint] = []
    var start = try firstInstant(state, on: connection) ?? query.to
    var span = Self.product(
      width, Int64((pageSize + state.sensors.count) / state.sensors.count))
    var isOpen = true
    while start < query.to, points.count <= pageSize {
      // Windows end on a bucket's edge: no bucket is computed twice, or from a part of its readings.
      let end = min(query.to, edge(after: start, span))
      var commands = RollupPlan(start..<end, level: level, dirtyHours: state.dirtyHours).pieces
        .map { sums($0, of: state.sensors) }
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

  // MARK: The snapshot

  private struct State {
    var sensors: [Int64] = []
    /// Ascending; those from `keptFrom` on.
    var dirtyHours: [Timestamp] = []
    /// Before this, rollups are all there is.
    var keptFrom = Timestamp(microseconds: .min)
  }

  private func openSnapshot(
    _ sensorKeys: Command, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> State {
    var state = State()
    var commands = [Command.beginSnapshot, sensorKeys]
    if level != .readings {
      commands.append(
        Command("SELECT kept_from FROM \(schema.table("telemetry_settings"))"))
      commands.append(
        Command(
          """
          SELECT dirty.hour FROM \(schema.table("telemetry_dirty_hours")) dirty
          JOIN \(schema.table("telemetry_settings")) settings ON dirty.hour >= settings.kept_from
          WHERE dirty.hour >= $1 AND dirty.hour < $2 ORDER BY 1
          """,
          [.timestamptz(RollupLevel.hour.floor(query.from)), .timestamptz(query.to)]))
    }
    try connection.pipeline(commands) {
      (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      switch number {
      case 1: state.sensors.append(try row.int8(0))
      case 2: state.keptFrom = try row.timestamptz(0)
      default: state.dirtyHours.append(try row.timestamptz(0))
      }
    }
    return state
  }

  /// Where reading starts: at the query's start or the position's bucket, whichever is later. Where there are
  /// no rollups to skip through cheaply, at the bucket of the first reading from there on.
  private func firstInstant(
    _ state: State, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Timestamp? {
    let from = max(query.from, position?.timestamp ?? query.from)
    guard level == .readings else {
      // Of the 5 minutes in which the range starts, the readings are gone: all of them count.
      return from < state.keptFrom ? RollupLevel.fiveMinutes.floor(from) : from
    }
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
      [.int8(width), .int8Array(state.sensors), .timestamptz(from), .timestamptz(query.to)])
    let starts = try connection.rows(command) {
      (row: borrowing PostgresRow) throws(PostgresError) in try row.timestamptz(0)
    }
    return starts.first.map { max($0, query.from) }
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

  private func sums(_ piece: RollupPlan.Piece, of sensors: [Int64]) -> Command {
    let columns = piece.level.columns
    return Command(
      """
      SELECT sensor_id, date_bin($1 * interval '1 microsecond', \(columns.time), 'epoch'),
        \(columns.sums)
      FROM \(schema.table(piece.level.table))
      WHERE sensor_id = ANY ($2) AND \(columns.time) >= $3 AND \(columns.time) < $4
      GROUP BY 2, 1
      """,
      [
        .int8(width), .int8Array(sensors), .timestamptz(piece.range.lowerBound),
        .timestamptz(piece.range.upperBound),
      ])
  }

  /// Saturates.
  private static func product(_ left: Int64, _ right: Int64) -> Int64 {
    let (product, overflow) = left.multipliedReportingOverflow(by: max(1, right))
    return overflow ? .max - .max % max(1, left) : product
  }
}

/// Parts of buckets, in ascending order of time, on their way to becoming points.
struct BucketSums {
  private struct Key: Hashable, Comparable {
    let start: Timestamp
    let sensor: Int64

    static func < (left: Key, right: Key) -> Bool {
      (left.start, left.sensor) < (right.start, right.sensor)
    }
  }

  private struct Sums {
    var sum = 0.0
    var minimum = Double.infinity
    var maximum = -Double.infinity
    var last = 0.0
    var count: Int64 = 0
  }

  private let width: Int64
  private var sums: [Key: Sums] = [:]

  /// - Parameter width: of a bucket, in microseconds.
  init(width: Int64) {
    self.width = width
  }

  /// Adds a part; the parts of one bucket come in order of time.
  /// - Parameter row: sensor, start, sum, minimum, maximum, last, count.
  mutating func add(_ row: borrowing PostgresRow) throws(PostgresError) {
    let key = Key(start: try row.timestamptz(1), sensor: try row.int8(0))
    var all = sums[key] ?? Sums()
    all.sum += try row.float8(2)
    all.minimum = min(all.minimum, try row.float8(3))
    all.maximum = max(all.maximum, try row.float8(4))
    all.last = try row.float8(5)
    all.count += try row.int8(6)
    sums[key] = all
  }

  /// Gives the buckets so far, ascending, and forgets them.
  /// - Parameter position: buckets up to this one are left out.
  mutating func take(after position: HistoryPosition?) -> [HistoryPoint] {
    defer { sums.removeAll(keepingCapacity: true) }
    let after = position.map { Key(start: $0.timestamp, sensor: $0.sensorKey) }
    return sums.filter { part in after.map { $0 < part.key } ?? true }
      .sorted { $0.key < $1.key }
      .map { key, all in
        HistoryPoint(
          sensorKey: key.sensor, timestamp: key.start, average: all.sum / Double(all.count),
          minimum: all.minimum, maximum: all.maximum, last: all.last, count: all.count)
      }
  }
}
