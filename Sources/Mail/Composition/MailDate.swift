// SPDX-License-Identifier: Apache-2.0
import Domain

/// RFC 5322 §3.3: `Wed, 01 Jan 2025 12:00:00 +0000`.
enum MailDate {
  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let secondsPerDay: Int64 = 86_400

  static func text(_ time: Timestamp) -> String {
    let range = Timestamp.rfc3339Range
    let time = min(max(time, range.lowerBound), range.upperBound)
    // 2025-01-01T12:00:00…
    let fields = time.rfc3339.utf8.split(maxSplits: 5) { !(0x30...0x39).contains($0) }.map {
      String(decoding: $0.prefix(4), as: UTF8.self)
    }
    let (quotient, remainder) =
      time.microseconds.quotientAndRemainder(dividingBy: secondsPerDay * 1_000_000)
    let day = remainder < 0 ? quotient - 1 : quotient
    // 1970-01-01 was a Thursday.
    let weekday = Int(((day + 4) % 7 + 7) % 7)
    let month = (Int(fields[1]) ?? 1) - 1
    return "\(days[weekday]), \(fields[2]) \(months[month]) \(fields[0]) "
      + "\(fields[3]):\(fields[4]):\(fields[5].prefix(2)) +0000"
  }
}
