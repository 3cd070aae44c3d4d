// SPDX-License-Identifier: Apache-2.0

/// An instant: microseconds since 1970-01-01T00:00:00Z, without leap seconds; PostgreSQL's precision.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  /// Saturates at the ends of the representable range.
  package func advanced(by duration: Duration) -> Timestamp {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow else { return Timestamp(microseconds: seconds < 0 ? .min : .max) }
    let (offset, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    guard !carry else { return Timestamp(microseconds: whole < 0 ? .min : .max) }
    let (sum, past) = microseconds.addingReportingOverflow(offset)
    return Timestamp(microseconds: past ? (offset < 0 ? .min : .max) : sum)
  }

  /// Time from `earlier` to this instant; zero when that does not fit.
  package func since(_ earlier: Timestamp) -> Duration {
    let (difference, overflow) = microseconds.subtractingReportingOverflow(earlier.microseconds)
    return overflow ? .zero : .microseconds(difference)
  }
}
