// SPDX-License-Identifier: Apache-2.0
import Domain

/// A table that buckets can be computed from, finest first. Rollups are aligned to UTC.
enum RollupLevel: Int, Hashable, Sendable, CaseIterable {
  /// The readings themselves.
  case readings
  case fiveMinutes
  case hour
  case day

  /// The coarsest table whose rows fit into buckets of a width.
  /// - Parameter width: microseconds, at least 1.
  init(forBuckets width: Int64) {
    let fitting = Self.allCases.last { width.isMultiple(of: $0.width) }
    self = fitting ?? .readings
  }

  /// Microseconds that one row covers; 1 for a reading.
  var width: Int64 {
    switch self {
    case .readings: 1
    case .fiveMinutes: 300_000_000
    case .hour: 3_600_000_000
    case .day: 86_400_000_000
    }
  }

  /// nil below the readings.
  var finer: RollupLevel? { RollupLevel(rawValue: rawValue - 1) }

  var table: String {
    switch self {
    case .readings: "telemetry_readings"
    case .fiveMinutes: "telemetry_5m"
    case .hour: "telemetry_hourly"
    case .day: "telemetry_daily"
    }
  }

  /// Column of the table that says when, and expressions that sum up its rows: sum, minimum, maximum, last
  /// (by time) and count.
  var columns: (time: String, sums: String) {
    switch self {
    case .readings:
      (
        #""timestamp""#,
        """
        sum(value), min(value), max(value), \(Self.last("value", by: #""timestamp""#)), count(*)
        """
      )
    case .fiveMinutes, .hour, .day:
      (
        "bucket",
        """
        sum(sum_value), min(min_value), max(max_value), \(Self.last("last_value", by: "bucket")),
          sum(count)::bigint
        """
      )
    }
  }

  /// What the columns of rollups are that ``columns`` sums up.
  static let row = "sum_value, min_value, max_value, last_value, count"

  /// The value of the newest row: an aggregate that needs no sorting. Microseconds survive in a double's 53
  /// bits until the year 2242.
  private static func last(_ value: String, by time: String) -> String {
    "(max(ARRAY[date_part('epoch', \(time)), \(value)]))[2]"
  }

  /// The start of the row that holds an instant.
  func floor(_ timestamp: Timestamp) -> Timestamp {
    let instant = timestamp.microseconds
    let rest = instant % width
    let offset = rest < 0 ? rest + width : rest
    let (start, overflow) = instant.subtractingReportingOverflow(offset)
    return Timestamp(microseconds: overflow ? .min : start)
  }

  /// The first start of a row that is not before an instant.
  func ceiling(_ timestamp: Timestamp) -> Timestamp {
    let start = floor(timestamp)
    guard start < timestamp else { return start }
    let (next, overflow) = start.microseconds.addingReportingOverflow(width)
    return Timestamp(microseconds: overflow ? .max : next)
  }
}
