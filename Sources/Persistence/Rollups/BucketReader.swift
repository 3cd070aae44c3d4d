// SPDX-License-Identifier: Apache-2.0
import Domain

/// Buckets of a device's sensors, ascending by (start, sensor key).
///
/// Read in windows just wide enough for a page when every bucket is full, wider ones where the data is
/// thin, each from the tables that its ``RollupPlan`` names, all in one snapshot together with the list of
/// dirty hours: what is answered is what a recomputation from all readings would give, at any time.
///
/// The first window is asked for together with that list, by a guess at it; when the guess was wrong, the
/// window is read again.
struct BucketReader: Sendable {
  /// Growth of the window after one that held too little.
  private static let windowGrowth: Int64 = 4

  private let query: HistoryQuery
  private let width: Int64
  private let position: HistoryPosition?
  private let pageSize: Int
  private let schema: TenantSchema
  private let level: RollupLevel
  private let memory: RollupMemory

  /// - Parameters:
  ///   - width: of a bucket, in microseconds; at least 1.
  ///   - memory: makes guesses, and learns.
  init(
    _ query: HistoryQuery, width: Int64, after position: HistoryPosition?, pageSize: Int,
    schema: TenantSchema, memory: RollupMemory
  ) {
    self.query = query
    self.width = width
    self.position = position
    self.pageSize = pageSize
    self.schema = schema
    self.memory = memory
    level = RollupLevel(forBuckets: width)
  }

  /// One round trip where one window is enough and the guess was right, two otherwise.
  /// - Returns: up to one point more than the page takes.
  func points(on connection: isolated PostgresConnection) throws(PostgresError) -> [HistoryPoint] {
    let from = max(query.from, position?.timestamp ?? query.from)
    var run = Run(
      span: Self.product(
        width, Int64((pageSize + query.sensors.count) / query.sensors.count)))
    if level == .readings {
      run.start = try openAtFirstReading(from, on: connection) ?? query.to
      run.isOpen = true
    } else {
      try open(&run, from..<max(from, query.to), on: connection)
    }
    while run.start < query.to, run.points.count <= pageSize {
      let window = window(of: run)
      try connection.pipeline(window.commands) {
        (_: Int, row: borrowing PostgresRow) throws(PostgresError) in try run.buckets.add(row)
      }
      finish(window, &run)
    }
    if run.isOpen { try connection.query(.commit) }
    return run.points
  }

  /// How far a read has come.
  private struct Run {
    var snapshot = RollupSnapshot()
    var start = Timestamp(microseconds: .max)
    /// Width of the next window.
    var span: Int64
    var buckets = BucketSums()
    var points: [HistoryPoint] = []
    /// A transaction is open.
    var isOpen = false
  }

  private struct Window {
    let end: Timestamp
    /// Those of the sums, and the transaction's end when nothing follows.
    let commands: [Command]
    let isLast: Bool
  }

  private func window(of run: Run) -> Window {
    // Windows end on a bucket's edge: no bucket is computed twice, or from a part of its readings.
    let end = min(query.to, edge(after: run.start, run.span))
    let plan = RollupPlan(run.start..<end, level: level, dirtyHours: run.snapshot.dirtyHours)
    let sums = plan.pieces.map { $0.sums(of: query.sensors, schema: schema, width: width) }
    let isLast = end == query.to
    return Window(end: end, commands: isLast ? sums + [.commit] : sums, isLast: isLast)
  }

  private func finish(_ window: Window, _ run: inout Run) {
    run.points += run.buckets.take(after: position)
    run.start = window.end
    run.span = Self.product(run.span, Self.windowGrowth)
    run.isOpen = !window.isLast
  }

  /// Opens the snapshot, and reads the first window with it where a guess tells which tables to read.
  private func open(
    _ run: inout Run, _ range: Range<Timestamp>, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    let guess = memory.guess(schema, range)
    var window: Window?
    if let guess {
      run.snapshot = guess
      run.start = guess.start(for: range.lowerBound)
      window = self.window(of: run)
    }
    let opening = RollupSnapshot.opening(schema, range)
    var actual = RollupSnapshot()
    try connection.pipeline(opening + (window?.commands ?? [])) {
      (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      if number < opening.count {
        try actual.add(number, row)
      } else {
        try run.buckets.add(row)
      }
    }
    if let window, actual == guess { return finish(window, &run) }
    memory.learn(actual, of: schema, about: range)
    run.buckets.removeAll()
    if window?.isLast == true {
      // That snapshot is gone; what it said need not hold in the next one.
      try actual.open(schema, range, on: connection)
    }
    run.snapshot = actual
    run.start = actual.start(for: range.lowerBound)
    run.isOpen = true
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

  /// Saturates.
  private static func product(_ left: Int64, _ right: Int64) -> Int64 {
    let (product, overflow) = left.multipliedReportingOverflow(by: max(1, right))
    return overflow ? .max - .max % max(1, left) : product
  }
}
