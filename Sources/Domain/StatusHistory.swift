// SPDX-License-Identifier: Apache-2.0

/// A sensor came or went, by the time of its readings: it is online from a reading on, and offline from one
/// timeout after the last one. The heartbeats of a device come and go likewise.
package struct StatusChange: Hashable, Sendable {
  /// Whose readings; nil: the device's heartbeats.
  package let sensorKey: Int64?
  package let since: Timestamp
  package let isOnline: Bool

  package init(sensorKey: Int64?, since: Timestamp, isOnline: Bool) {
    self.sensorKey = sensorKey
    self.since = since
    self.isOnline = isOnline
  }

  /// By time; heartbeats before readings, for an order that is always the same.
  fileprivate static func < (one: StatusChange, other: StatusChange) -> Bool {
    (one.since, one.sensorKey ?? .min, one.isOnline ? 1 : 0)
      < (other.since, other.sensorKey ?? .min, other.isOnline ? 1 : 0)
  }
}

extension [StatusChange] {
  /// Those that change something, ascending, and of what was before an instant only the last of each sensor and
  /// of the heartbeats.
  package func condensed(from start: Timestamp) -> [StatusChange] {
    var last: [Int64?: StatusChange] = [:]
    var later: [StatusChange] = []
    var before: [Int64?: StatusChange] = [:]
    for change in sorted(by: <) where last[change.sensorKey]?.isOnline != change.isOnline {
      last[change.sensorKey] = change
      if change.since < start {
        before[change.sensorKey] = change
      } else {
        later.append(change)
      }
    }
    return before.values.sorted(by: <) + later
  }
}

/// A stretch of time during which something was online, or offline.
package struct StatusInterval: Hashable, Sendable {
  package let range: Range<Timestamp>
  package let isOnline: Bool

  package init(_ range: Range<Timestamp>, isOnline: Bool) {
    self.range = range
    self.isOnline = isOnline
  }

  /// How something was over a range: online while at least one of the sensors or the heartbeats was. A sensor
  /// itself, or the device that they are on.
  /// - Parameters:
  ///   - changes: of those; what was before the range is known from each one's last change before it.
  ///   - range: time before the first change of any is left out.
  /// - Returns: ascending; neighbours differ.
  package static func intervals(
    of changes: some Sequence<StatusChange>, over range: Range<Timestamp>
  ) -> [StatusInterval] {
    let ordered = changes.sorted(by: <)
    guard let first = ordered.first?.since, first < range.upperBound, !range.isEmpty else {
      return []
    }
    var intervals: [StatusInterval] = []
    var start = max(range.lowerBound, first)
    var isOnline = false
    var online: Set<Int64?> = []
    func end(_ interval: Range<Timestamp>) {
      guard !interval.isEmpty else { return }
      if let last = intervals.last, last.isOnline == isOnline {
        intervals[intervals.count - 1] = StatusInterval(
          last.range.lowerBound..<interval.upperBound, isOnline: isOnline)
      } else {
        intervals.append(StatusInterval(interval, isOnline: isOnline))
      }
    }
    for change in ordered {
      if change.isOnline {
        online.insert(change.sensorKey)
      } else {
        online.remove(change.sensorKey)
      }
      guard isOnline == online.isEmpty else { continue }
      let instant = min(max(change.since, start), range.upperBound)
      end(start..<instant)
      (start, isOnline) = (instant, !online.isEmpty)
    }
    end(start..<range.upperBound)
    return intervals
  }
}

package enum Availability {
  /// The share of a range during which something was online.
  /// - Parameters: those of ``StatusInterval/intervals(of:over:)``.
  /// - Returns: 0 to 1; nil when nothing is known of the range.
  package static func share(
    of changes: some Sequence<StatusChange>, over range: Range<Timestamp>
  ) -> Double? {
    share(of: StatusInterval.intervals(of: changes, over: range))
  }

  /// - Parameter intervals: without gaps.
  /// - Returns: 0 to 1; nil when there are none.
  package static func share(of intervals: [StatusInterval]) -> Double? {
    guard !intervals.isEmpty else { return nil }
    var (online, total) = (0.0, 0.0)
    for interval in intervals {
      let length = Double(
        interval.range.upperBound.microseconds &- interval.range.lowerBound.microseconds)
      total += length
      if interval.isOnline { online += length }
    }
    return online / total
  }
}
