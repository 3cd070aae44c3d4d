// SPDX-License-Identifier: Apache-2.0
import Domain

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
