// SPDX-License-Identifier: Apache-2.0

import Domain

/// Where a history goes on, as text for callers to hand back: `1.<interval>.<from>.<to>.<time>.<sensor>`,
/// times in microseconds since 1970. It holds range and interval, so that pages fit together even when
/// `to` was "now".
struct HistoryCursor: Hashable, Sendable {
  private static let version = "1"

  let interval: HistoryInterval
  let from: Timestamp
  let to: Timestamp
  let position: HistoryPosition

  init(
    interval: HistoryInterval, from: Timestamp, to: Timestamp, position: HistoryPosition
  ) {
    self.interval = interval
    self.from = from
    self.to = to
    self.position = position
  }

  /// - Returns: nil when the text is none of ours.
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[0] == Self.version,
      let interval = HistoryInterval(rawValue: parts[1]),
      let from = Int64(parts[2]), let to = Int64(parts[3]), let time = Int64(parts[4]),
      let sensor = Int64(parts[5]), from < to
    else { return nil }
    self.init(
      interval: interval, from: Timestamp(microseconds: from), to: Timestamp(microseconds: to),
      position: HistoryPosition(timestamp: Timestamp(microseconds: time), sensorKey: sensor))
    // One text for each cursor: no `+1`, no leading zeros.
    guard description == text else { return nil }
  }
}

extension HistoryCursor: CustomStringConvertible {
  var description: String {
    [
      Self.version, interval.rawValue, "\(from.microseconds)", "\(to.microseconds)",
      "\(position.timestamp.microseconds)", "\(position.sensorKey)",
    ].joined(separator: ".")
  }
}
