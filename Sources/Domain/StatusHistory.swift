// SPDX-License-Identifier: Apache-2.0

/// A sensor came or went, by the time of its readings: it is online from a reading on, and offline from one
/// timeout after the last one.
package struct StatusChange: Hashable, Sendable {
  package let sensorKey: Int64
  package let since: Timestamp
  package let isOnline: Bool

  package init(sensorKey: Int64, since: Timestamp, isOnline: Bool) {
    self.sensorKey = sensorKey
    self.since = since
    self.isOnline = isOnline
  }
}

package enum Availability {
  /// The share of a range during which at least one of the sensors was online: a sensor's own availability, or
  /// that of the device they are on.
  /// - Parameters:
  ///   - changes: of those sensors; what was before the range is known from each one's last change before it.
  ///   - range: time before the first change of any does not count.
  /// - Returns: 0 to 1; nil when nothing is known of the range.
  package static func share(
    of changes: some Sequence<StatusChange>, over range: Range<Timestamp>
  ) -> Double? {
    let ordered = changes.sorted { ($0.since, $0.sensorKey) < ($1.since, $1.sensorKey) }
    guard let first = ordered.first?.since, first < range.upperBound else { return nil }
    let start = max(range.lowerBound, first)
    guard start < range.upperBound else { return nil }
    var online: Set<Int64> = []
    var position = start
    var total = 0.0
    func length(from: Timestamp, to: Timestamp) -> Double {
      Double(to.microseconds &- from.microseconds)
    }
    for change in ordered {
      let instant = min(max(change.since, start), range.upperBound)
      if !online.isEmpty { total += length(from: position, to: instant) }
      position = instant
      if change.isOnline {
        online.insert(change.sensorKey)
      } else {
        online.remove(change.sensorKey)
      }
    }
    if !online.isEmpty { total += length(from: position, to: range.upperBound) }
    return total / length(from: start, to: range.upperBound)
  }
}
