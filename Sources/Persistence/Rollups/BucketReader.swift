// SPDX-License-Identifier: Apache-2.0
import Domain

/// Buckets of a device's sensors, ascending by (start, sensor key).
///
/// Read in windows just wide enough for a page when every bucket is full, wider ones where the data is
/// thin, from one stretch that has data to the next, each from the tables that its ``RollupPlan`` names, all in one
/// snapshot together with the list of dirty hours: what is answered is what a recomputation from all readings would
/// give, at any time.
///
/// The first window is asked for together with that list, by a guess at it; when the guess was wrong, the
/// window is read again.
struct BucketReader: Sendable {
  /// Growth of the window after one that held too little.
  private static let windowGrowth: Int64 = 4
  /// Rows that the widest window may have, unless a page has more: all of them are in memory at once. About
  /// 10 MB.
  private static let windowRows = 1 << 16

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
    let span = Self.product(
      width, Int64((pageSize + query.sensors.count) / query.sensors.count))
    var run = Run(
      span: span, widest: Self.product(span, Int64(max(1, Self.windowRows / pageSize))))
    if level == .readings {
      // Nothing has to be known of rollups; where there is something can be asked at once.
      let first = firstRow(from: from)
      run.start = query.to
      try connection.pipeline([.beginSnapshot, first]) {
        (_: Int, row: borrowing PostgresRow) throws(PostgresError) in
        run.start = max(from, floor(try row.timestamptz(0)))
      }
      run.isOpen = true
    } else {
      try open(&run, from..<max(from, query.to), on: connection)
    }
    while run.start < query.to, run.points.count <= pageSize {
      let window = window(of: run)
      try connection.pipeline(window.commands) {
        (_: Int, row: borrowing PostgresRow) throws(PostgresError) in try run.buckets.add(row)
      }
      let isEmpty = run.buckets.isEmpty
      finish(window, &run)
      if isEmpty, run.isOpen { try skip(&run, on: connection) }
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
    /// Width that no window exceeds.
    let widest: Int64
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
    run.span = min(run.widest, Self.product(run.span, Self.windowGrowth))
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

  /// Goes to where there is something again, in the snapshot that is open.
  private func skip(
    _ run: inout Run, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    // What the rollups do not hold yet is in hours that are known.
    let start = run.start
    var next = run.snapshot.dirtyHours.first { RollupLevel.hour.end(from: $0) > start } ?? query.to
    try connection.query(firstRow(from: level.floor(start))) {
      (row: borrowing PostgresRow) throws(PostgresError) in
      next = min(next, try row.timestamptz(0))
    }
    run.start = max(start, min(query.to, floor(next)))
  }

  /// The time of the first row of any sensor; no row when there is none.
  private func firstRow(from start: Timestamp) -> Command {
    let time = level.columns.time
    return Command(
      """
      SELECT min(first.time) FROM unnest($1) AS wanted (sensor_id)
      CROSS JOIN LATERAL (
        SELECT r.\(time) AS time FROM \(schema.table(level.table)) r
        WHERE r.sensor_id = wanted.sensor_id AND r.\(time) >= $2 AND r.\(time) < $3
        ORDER BY r.\(time) LIMIT 1
      ) first
      HAVING count(*) > 0
      """, [.int8Array(query.sensors), .timestamptz(start), .timestamptz(query.to)])
  }

  // MARK: Windows and pieces

  /// The last edge of a bucket within `span` of an instant, but the next one at least.
  private func edge(after start: Timestamp, _ span: Int64) -> Timestamp {
    let (edge, overflow) = floor(start).microseconds.addingReportingOverflow(span)
    return Timestamp(microseconds: overflow ? .max : edge)
  }

  /// The start of the bucket that holds an instant.
  private func floor(_ timestamp: Timestamp) -> Timestamp {
    let rest = timestamp.microseconds % width
    let (start, underflow) = timestamp.microseconds.subtractingReportingOverflow(
      rest < 0 ? rest + width : rest)
    return Timestamp(microseconds: underflow ? .min : start)
  }

  /// Saturates.
  private static func product(_ left: Int64, _ right: Int64) -> Int64 {
    let (product, overflow) = left.multipliedReportingOverflow(by: max(1, right))
    return overflow ? .max - .max % max(1, left) : product
  }
}
