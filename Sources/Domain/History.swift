// SPDX-License-Identifier: Apache-2.0

/// What part of the past is wanted.
package struct HistoryQuery: Hashable, Sendable {
  /// Keys of the sensors; none: nothing is wanted.
  package var sensors: [Int64]
  /// First instant wanted.
  package var from: Timestamp
  /// First instant no longer wanted.
  package var to: Timestamp
  package var resolution: HistoryResolution
  /// Most points in one page; at least 1.
  package var pageSize: Int

  package init(
    sensors: [Int64], from: Timestamp, to: Timestamp, resolution: HistoryResolution,
    pageSize: Int = 5_000
  ) {
    self.sensors = sensors
    self.from = from
    self.to = to
    self.resolution = resolution
    self.pageSize = pageSize
  }
}

package enum HistoryResolution: Hashable, Sendable {
  case raw
  /// Buckets of this width, in microseconds, aligned to the Unix epoch.
  case buckets(microseconds: Int64)
}

/// Where a page ended; the next one starts after it.
package struct HistoryPosition: Hashable, Sendable {
  package let timestamp: Timestamp
  package let sensorKey: Int64

  package init(timestamp: Timestamp, sensorKey: Int64) {
    self.timestamp = timestamp
    self.sensorKey = sensorKey
  }
}

package struct HistoryPage: Hashable, Sendable {
  package var points: [HistoryPoint]
  /// nil: that was all.
  package var next: HistoryPosition?

  package init(points: [HistoryPoint], next: HistoryPosition?) {
    self.points = points
    self.next = next
  }
}

/// A raw reading (`count` 1, all values equal) or one bucket of one sensor.
package struct HistoryPoint: Hashable, Sendable {
  package let sensorKey: Int64
  /// The reading's time, or the start of the bucket.
  package let timestamp: Timestamp
  package let average: Double
  package let minimum: Double
  package let maximum: Double
  /// The newest value, by measurement time.
  package let last: Double
  package let count: Int64

  package init(
    sensorKey: Int64, timestamp: Timestamp, average: Double, minimum: Double, maximum: Double,
    last: Double, count: Int64
  ) {
    self.sensorKey = sensorKey
    self.timestamp = timestamp
    self.average = average
    self.minimum = minimum
    self.maximum = maximum
    self.last = last
    self.count = count
  }
}
