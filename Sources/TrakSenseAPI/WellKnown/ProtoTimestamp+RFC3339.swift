// SPDX-License-Identifier: Apache-2.0

import TimeText

extension ProtoTimestamp {
  /// Parses an RFC 3339 §5.6 date-time with `Z` or an offset. Digits beyond nanoseconds are cut; a leap
  /// second (`:60`) counts as the next second.
  /// - Returns: nil when `text` is anything else, a time without offset included.
  public init?(rfc3339 text: String) {
    guard let (seconds, nanos) = RFC3339.parse(text) else { return nil }
    self.init(seconds: seconds, nanos: nanos)
  }

  /// `2025-01-01T12:00:00Z` with none, three, six or nine digits of fraction. What RFC 3339 cannot write
  /// becomes the nearest that it can.
  public var rfc3339: String { RFC3339.format(seconds: seconds, nanos: nanos) }
}
