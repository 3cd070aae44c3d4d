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

/// A sensor's newest value went beyond its thresholds or came back, by the time of its reading, or the thresholds were
/// changed so that it lies there now. Each reading is judged by the thresholds of its time.
package struct WarningChange: Hashable, Sendable {
  package let since: Timestamp
  package let isBeyond: Bool

  package init(since: Timestamp, isBeyond: Bool) {
    self.since = since
    self.isBeyond = isBeyond
  }
}

/// What a status history is made of.
package struct StatusRecord: Hashable, Sendable {
  package let changes: [StatusChange]
  /// Ascending; of what was before the range, only the last. Of a device, there are none.
  package let warnings: [WarningChange]

  package init(changes: [StatusChange], warnings: [WarningChange] = []) {
    self.changes = changes
    self.warnings = warnings
  }
}

extension [WarningChange] {
  /// Those that change something, ascending, and of what was before an instant only the last.
  package func condensed(from start: Timestamp) -> [WarningChange] {
    var found: [WarningChange] = []
    for change in sorted(by: { $0.since < $1.since })
    where (found.last?.isBeyond ?? false) != change.isBeyond {
      if change.since < start { found.removeAll() }
      found.append(change)
    }
    return found
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

/// A stretch of time during which something was online, offline or, if it is a sensor, in warning.
package struct StatusInterval: Hashable, Sendable {
  package let range: Range<Timestamp>
  package let status: Connectivity

  package init(_ range: Range<Timestamp>, _ status: Connectivity) {
    self.range = range
    self.status = status
  }

  package var isOnline: Bool { status != .offline }

  /// How something was over a range. A sensor that is online is in warning while its newest value is beyond its
  /// thresholds.
  /// - Parameter range: as in ``intervals(of:over:)``.
  /// - Returns: ascending; neighbours differ.
  package static func intervals(
    of record: StatusRecord, over range: Range<Timestamp>
  ) -> [StatusInterval] {
    var cut: [StatusInterval] = []
    var rest = record.warnings[...]
    var isBeyond = false
    for interval in intervals(of: record.changes, over: range) {
      var start = interval.range.lowerBound
      func end(at instant: Timestamp) {
        guard start < instant else { return }
        let status = Connectivity(isOnline: interval.isOnline, isBeyondThresholds: isBeyond)
        if let last = cut.last, last.status == status {
          cut[cut.count - 1] = StatusInterval(last.range.lowerBound..<instant, status)
        } else {
          cut.append(StatusInterval(start..<instant, status))
        }
        start = instant
      }
      while let change = rest.first, change.since < interval.range.upperBound {
        if change.isBeyond != isBeyond { end(at: change.since) }
        isBeyond = change.isBeyond
        rest.removeFirst()
      }
      end(at: interval.range.upperBound)
    }
    return cut
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
          last.range.lowerBound..<interval.upperBound, last.status)
      } else {
        intervals.append(StatusInterval(interval, isOnline ? .online : .offline))
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
