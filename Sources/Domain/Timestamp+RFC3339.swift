// SPDX-License-Identifier: Apache-2.0

import TimeText

extension Timestamp {
  /// The years that RFC 3339 can write.
  package static let rfc3339Range =
    Timestamp(
      microseconds: RFC3339.writableSeconds.lowerBound * 1_000_000)...Timestamp(
      microseconds: RFC3339.writableSeconds.upperBound * 1_000_000 + 999_999)

  /// Parses an RFC 3339 §5.6 date-time: `2025-01-01T12:00:00Z`, with optional fraction (digits beyond
  /// microseconds are cut) and with `Z` or a numeric offset. A time without offset is refused.
  /// - Returns: nil when `text` is anything else.
  package init?(rfc3339 text: some StringProtocol) {
    guard let (seconds, nanos) = RFC3339.parse(text) else { return nil }
    microseconds = seconds * 1_000_000 + Int64(nanos / 1000)
  }

  /// `2025-01-01T12:00:00Z`, with as many of six fraction digits as are needed (none, three or six).
  /// Instants outside the years 1–9999 are written as the nearest that can be.
  package var rfc3339: String {
    let clamped = min(max(self, Self.rfc3339Range.lowerBound), Self.rfc3339Range.upperBound)
    let (quotient, remainder) = clamped.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    // Nanoseconds count forward, also before 1970.
    let (seconds, fraction) =
      remainder < 0 ? (quotient - 1, remainder + 1_000_000) : (quotient, remainder)
    return RFC3339.format(seconds: seconds, nanos: Int32(fraction) * 1000)
  }
}
