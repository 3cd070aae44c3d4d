// SPDX-License-Identifier: Apache-2.0
import Domain

/// A calendar month in UTC: one partition of readings.
struct ReadingMonth: Hashable, Sendable {
  /// First instant.
  let start: Timestamp
  /// First instant of the next month.
  let end: Timestamp
  /// `2025-01`.
  private let label: String

  /// - Returns: nil for instants outside the years 1–9999.
  init?(containing timestamp: Timestamp) {
    guard Timestamp.rfc3339Range.contains(timestamp) else { return nil }
    label = String(timestamp.rfc3339.prefix(7))
    guard let start = Timestamp(rfc3339: "\(label)-01T00:00:00Z") else { return nil }
    self.start = start
    // Every month has between 28 and 31 days: 31 days after its start is in the next one.
    let next = start.advanced(by: .seconds(31 * 86_400)).rfc3339.prefix(7)
    guard let end = Timestamp(rfc3339: "\(next)-01T00:00:00Z") else { return nil }
    self.end = end
  }

  /// `telemetry_readings_y2025m01`.
  var tableName: String {
    "telemetry_readings_y\(label.prefix(4))m\(label.suffix(2))"
  }

  /// The months of tables.
  /// - Parameter tables: names; those that are no month's are left out.
  static func named(_ tables: Set<String>) -> [ReadingMonth] {
    tables.compactMap { name in
      let year = name.dropFirst("telemetry_readings_y".count).prefix(4)
      guard let start = Timestamp(rfc3339: "\(year)-\(name.suffix(2))-01T00:00:00Z"),
        let month = ReadingMonth(containing: start), month.tableName == name
      else { return nil }
      return month
    }.sorted { $0.start < $1.start }
  }

  /// Makes the table first and attaches it then: that locks out neither readers nor writers of the
  /// other months, as creating it as a partition would.
  func script(in schema: PostgresIdentifier) -> String {
    let table = "\(schema.quoted).\(tableName)"
    let parent = "\(schema.quoted).telemetry_readings"
    return """
      CREATE TABLE \(table) (LIKE \(parent) INCLUDING DEFAULTS INCLUDING STORAGE);
      ALTER TABLE \(parent) ATTACH PARTITION \(table)
        FOR VALUES FROM ('\(start.rfc3339)') TO ('\(end.rfc3339)');
      """
  }

  /// The months that the timestamps fall into.
  static func covering(_ timestamps: some Sequence<Timestamp>) -> Set<ReadingMonth> {
    var months: Set<ReadingMonth> = []
    var last: ReadingMonth?
    for timestamp in timestamps {
      if let last, last.start <= timestamp, timestamp < last.end { continue }
      guard let month = ReadingMonth(containing: timestamp) else { continue }
      months.insert(month)
      last = month
    }
    return months
  }

  /// The month before, the current one and the two after.
  static func around(_ now: Timestamp) -> Set<ReadingMonth> {
    guard let current = ReadingMonth(containing: now) else { return [] }
    let day: Duration = .seconds(86_400)
    return covering([
      current.start.advanced(by: .zero - day), current.start, current.end,
      current.end.advanced(by: day * 31),
    ])
  }
}

/// What is known about where a tenant's readings go.
enum ReadingTable: Hashable, Sendable {
  /// Takes any time (hypertable).
  case unpartitioned
  /// Takes the months of these tables.
  case partitioned(Set<String>)

  func lacks(_ months: Set<ReadingMonth>) -> [ReadingMonth] {
    switch self {
    case .unpartitioned: []
    case .partitioned(let names): months.filter { !names.contains($0.tableName) }
    }
  }
}

extension PostgresConnection {
  /// - Throws: 42P01 when the schema has no readings.
  func readingTable(in schema: PostgresIdentifier) throws(PostgresError) -> ReadingTable {
    let tables = try rows(
      Command(
        """
        SELECT c.relkind = 'p', ARRAY(
          SELECT p.relname::text FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
          WHERE i.inhparent = c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1::text AND c.relname = 'telemetry_readings'
        """, [.text(schema.name)])
    ) { (row: borrowing PostgresRow) throws(PostgresError) -> ReadingTable in
      try row.bool(0) ? .partitioned(Set(row.textArray(1))) : .unpartitioned
    }
    guard let table = tables.first else {
      throw PostgresError(sqlState: "42P01", message: "the tenant's schema has no readings table")
    }
    return table
  }

  /// Makes the partitions that are missing, in a short transaction of its own; safe under concurrency.
  func makePartitions(
    for months: Set<ReadingMonth>, in schema: PostgresIdentifier
  ) throws(PostgresError) -> ReadingTable {
    try query(.begin)
    try addPartitions(for: months, in: schema)
    let table = try readingTable(in: schema)
    try query(.commit)
    return table
  }

  /// The same inside the caller's transaction.
  func addPartitions(
    for months: Set<ReadingMonth>, in schema: PostgresIdentifier
  ) throws(PostgresError) {
    try query(
      Command(
        "SELECT pg_advisory_xact_lock($1, hashtext($2))",
        [.int4(AdvisoryLock.partitions), .text(schema.name)]))
    // Under the lock: what another node made meanwhile is seen.
    let missing = try readingTable(in: schema).lacks(months).sorted { $0.start < $1.start }
    for month in missing { try run(script: month.script(in: schema)) }
  }
}

/// Keys of the advisory locks that this program takes, in one place so that they differ.
enum AdvisoryLock {
  /// `pg_advisory_lock(bigint)`: one migrator or provisioner at a time. "TRAKSENS" in ASCII.
  static let migrations: Int64 = 0x5452_414B_5345_4E53
  /// First key of `pg_advisory_xact_lock(int, int)`; the second is a hash of the schema. "TRAK".
  static let partitions: Int32 = 0x5452_414B
  /// First key of `pg_try_advisory_lock(int, int)`; the second is a hash of the schema whose upkeep
  /// a node does. "JOBS".
  static let upkeep: Int32 = 0x4A4F_4253
}
