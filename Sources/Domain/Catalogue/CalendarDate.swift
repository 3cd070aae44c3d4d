// SPDX-License-Identifier: Apache-2.0

/// A day of the Gregorian calendar, wherever: `2025-01-31`.
package struct CalendarDate: Hashable, Sendable, CustomStringConvertible {
  /// `yyyy-mm-dd`.
  package let description: String

  /// - Returns: nil when `text` is no day of the years 1–9999 in that form.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 10, Timestamp(rfc3339: "\(text)T00:00:00Z") != nil else { return nil }
    description = String(text)
  }
}
