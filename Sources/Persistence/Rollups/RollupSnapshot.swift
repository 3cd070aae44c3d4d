// SPDX-License-Identifier: Apache-2.0
import Domain

/// What must be known of the rollups, and in the same snapshot as they are read, to answer exactly.
struct RollupSnapshot: Hashable, Sendable {
  /// Hours of the range whose rollups are not up to date, ascending.
  private(set) var dirtyHours: [Timestamp] = []
  /// Before this, rollups are all there is.
  private var keptFrom = Timestamp(microseconds: .min)

  init() {}

  /// What a snapshot of that range probably says, of one that was taken before.
  init(guessing range: Range<Timestamp>, from known: RollupSnapshot) {
    let first = RollupLevel.hour.floor(range.lowerBound)
    dirtyHours = known.dirtyHours.filter { first <= $0 && $0 < range.upperBound }
    keptFrom = known.keptFrom
  }

  /// Learns what a later snapshot says about a range.
  mutating func learn(_ later: RollupSnapshot, about range: Range<Timestamp>) {
    let first = RollupLevel.hour.floor(range.lowerBound)
    dirtyHours.removeAll { first <= $0 && $0 < range.upperBound }
    dirtyHours = (dirtyHours + later.dirtyHours).sorted()
    keptFrom = later.keptFrom
  }

  /// What begins the transaction and tells what is known; the rows of the answers go to ``add(_:_:)``.
  static func opening(_ schema: TenantSchema, _ range: Range<Timestamp>) -> [Command] {
    [
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
  }

  /// - Parameter number: of the command among those of ``opening(_:_:)``, whose rows come in order.
  mutating func add(_ number: Int, _ row: borrowing PostgresRow) throws(PostgresError) {
    switch number {
    case 1: keptFrom = try row.timestamptz(0)
    case 2: dirtyHours.append(try row.timestamptz(0))
    default: throw .unexpected("a row of a command that has none")
    }
  }

  /// Begins the transaction: one round trip. Whoever calls ends it.
  mutating func open(
    _ schema: TenantSchema, _ range: Range<Timestamp>, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    var snapshot = RollupSnapshot()
    try connection.pipeline(Self.opening(schema, range)) {
      (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      try snapshot.add(number, row)
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
  /// - Parameter width: of a bucket, in microseconds; nil: all is one.
  func sums(of sensors: [Int64], schema: TenantSchema, width: Int64?) -> Command {
    let columns = level.columns
    let isSummedUp = level != .readings && width == level.width
    let bucket =
      width.map { "date_bin(\($0) * interval '1 microsecond', \(columns.time), 'epoch')" }
      ?? "'epoch'::timestamptz"
    return Command(
      """
      SELECT sensor_id, \(isSummedUp ? "bucket, \(RollupLevel.row)" : "\(bucket), \(columns.sums)")
      FROM \(schema.table(level.table))
      WHERE sensor_id = ANY ($1) AND \(columns.time) >= $2 AND \(columns.time) < $3
      \(isSummedUp ? "" : "GROUP BY 2, 1")
      """,
      [
        .int8Array(sensors), .timestamptz(range.lowerBound), .timestamptz(range.upperBound),
      ])
  }
}
