// SPDX-License-Identifier: Apache-2.0
import Domain

/// Parts of buckets, in ascending order of time, on their way to becoming points.
struct BucketSums {
  private struct Part {
    let start: Timestamp
    let sensor: Int64
    var sum: Double
    var minimum: Double
    var maximum: Double
    var last: Double
    var count: Int64

    func isOf(_ other: Part) -> Bool { start == other.start && sensor == other.sensor }

    mutating func add(_ later: Part) {
      sum += later.sum
      minimum = Swift.min(minimum, later.minimum)
      maximum = Swift.max(maximum, later.maximum)
      last = later.last
      count += later.count
    }
  }

  private var parts: [Part] = []

  /// Adds a part; the parts of one bucket come in order of time.
  /// - Parameter row: sensor, start, sum, minimum, maximum, last, count.
  mutating func add(_ row: borrowing PostgresRow) throws(PostgresError) {
    parts.append(
      Part(
        start: try row.timestamptz(1), sensor: try row.int8(0), sum: try row.float8(2),
        minimum: try row.float8(3), maximum: try row.float8(4), last: try row.float8(5),
        count: try row.int8(6)))
  }

  var isEmpty: Bool { parts.isEmpty }

  mutating func removeAll() { parts.removeAll(keepingCapacity: true) }

  /// Gives the buckets so far, ascending, and forgets them.
  /// - Parameter position: buckets up to this one are left out.
  mutating func take(after position: HistoryPosition?) -> [HistoryPoint] {
    defer { removeAll() }
    let after = position.map { ($0.timestamp, $0.sensorKey) }
    let order = parts.indices.sorted { left, right in
      // By when they came at last: Swift does not promise that sorting is stable.
      (parts[left].start, parts[left].sensor, left)
        < (parts[right].start, parts[right].sensor, right)
    }
    var points: [HistoryPoint] = []
    points.reserveCapacity(parts.count)
    var next = order.startIndex
    while next < order.endIndex {
      var bucket = parts[order[next]]
      next += 1
      while next < order.endIndex, parts[order[next]].isOf(bucket) {
        bucket.add(parts[order[next]])
        next += 1
      }
      if let after, (bucket.start, bucket.sensor) <= after { continue }
      points.append(
        HistoryPoint(
          sensorKey: bucket.sensor, timestamp: bucket.start,
          average: bucket.sum / Double(bucket.count), minimum: bucket.minimum,
          maximum: bucket.maximum, last: bucket.last, count: bucket.count))
    }
    return points
  }
}
