// SPDX-License-Identifier: Apache-2.0

/// Instants as RFC 3339 §5.6 writes them: `2025-01-01T12:00:00Z`.
package enum RFC3339 {
  /// Seconds of 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what RFC 3339 can write.
  package static let writableSeconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
  private static let secondsPerDay: Int64 = 86_400

  /// Parses a date-time with `Z` or an offset: a time without one is refused, because guessing a zone is
  /// how readings end up three hours off. Digits beyond nanoseconds are cut; a leap second (`:60`) counts
  /// as the next second.
  /// - Returns: seconds since 1970-01-01T00:00:00Z and nanoseconds on top; nil when `text` is anything else.
  package static func parse(_ text: some StringProtocol) -> (seconds: Int64, nanos: Int32)? {
    var fields = TimeFields(text: Array(text.utf8)[...])
    guard let year = fields.number(digits: 4, in: 1...9999), fields.take("-"),
      let month = fields.number(digits: 2, in: 1...12), fields.take("-"),
      let day = fields.number(digits: 2, in: 1...daysInMonth(month, of: year)), fields.take("Tt "),
      let hour = fields.number(digits: 2, in: 0...23), fields.take(":"),
      let minute = fields.number(digits: 2, in: 0...59), fields.take(":"),
      let second = fields.number(digits: 2, in: 0...60),
      let nanos = fields.fraction(), let offset = fields.offsetSeconds(), fields.text.isEmpty
    else { return nil }
    let time = hour * 3600 + minute * 60 + second - offset
    let seconds = daysSinceEpoch(year, month, day) * secondsPerDay + Int64(time)
    return writableSeconds.contains(seconds) ? (seconds, nanos) : nil
  }

  /// Writes none, three, six or nine digits of fraction, as many as are needed. What RFC 3339 cannot write
  /// becomes the nearest that it can.
  package static func format(seconds: Int64, nanos: Int32) -> String {
    let seconds = min(max(seconds, writableSeconds.lowerBound), writableSeconds.upperBound)
    let nanos = min(max(nanos, 0), 999_999_999)
    var (days, time) = seconds.quotientAndRemainder(dividingBy: secondsPerDay)
    if time < 0 {
      days -= 1
      time += secondsPerDay
    }
    let (year, month, day) = civilDate(days)
    var text: [UInt8] = []
    text.reserveCapacity(30)
    text.append(year, digits: 4, then: "-")
    text.append(month, digits: 2, then: "-")
    text.append(day, digits: 2, then: "T")
    text.append(time / 3600, digits: 2, then: ":")
    text.append(time / 60 % 60, digits: 2, then: ":")
    text.append(time % 60, digits: 2, then: nanos == 0 ? "Z" : ".")
    if nanos != 0 {
      if nanos % 1_000_000 == 0 {
        text.append(Int64(nanos / 1_000_000), digits: 3, then: "Z")
      } else if nanos % 1000 == 0 {
        text.append(Int64(nanos / 1000), digits: 6, then: "Z")
      } else {
        text.append(Int64(nanos), digits: 9, then: "Z")
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// What is left of a date-time's text.
private struct TimeFields {
  var text: ArraySlice<UInt8>

  mutating func number(digits: Int, in range: ClosedRange<Int>) -> Int? {
    guard text.count >= digits else { return nil }
    var value = 0
    for _ in 0..<digits {
      guard let digit = nextDigit() else { return nil }
      value = value * 10 + digit
    }
    return range.contains(value) ? value : nil
  }

  /// Takes one of the characters of `any`.
  mutating func take(_ any: String) -> Bool {
    guard let first = text.first, any.utf8.contains(first) else { return false }
    text.removeFirst()
    return true
  }

  /// Nanoseconds; 0 when there is no decimal point, nil when there is one without digits.
  mutating func fraction() -> Int32? {
    guard take(".") else { return 0 }
    var value: Int32 = 0
    var count = 0
    while let digit = nextDigit() {
      if count < 9 { value = value * 10 + Int32(digit) }
      count += 1
    }
    guard count > 0 else { return nil }
    for _ in min(count, 9)..<9 { value *= 10 }
    return value
  }

  mutating func offsetSeconds() -> Int? {
    if take("Zz") { return 0 }
    let sign = take("+") ? 1 : -1
    guard sign == 1 || take("-"), let hours = number(digits: 2, in: 0...23), take(":"),
      let minutes = number(digits: 2, in: 0...59)
    else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }

  private mutating func nextDigit() -> Int? {
    guard let byte = text.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
      return nil
    }
    text.removeFirst()
    return Int(byte - UInt8(ascii: "0"))
  }
}

// The proleptic Gregorian calendar in eras of 400 years (146,097 days) whose years start on 1 March.

private func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
  let marchYear = month <= 2 ? year - 1 : year
  let marchMonth = month > 2 ? month - 3 : month + 9
  let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
  return Int64(marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear)
    - 719_468
}

private func civilDate(_ daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let (era, dayOfEra) = (daysSinceEpoch + 719_468).quotientAndRemainder(dividingBy: 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let marchMonth = (5 * dayOfYear + 2) / 153
  let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return (
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1
  )
}

private func daysInMonth(_ month: Int, of year: Int) -> Int {
  switch month {
  case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
  case 4, 6, 9, 11: 30
  default: 31
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ value: Int64, digits: Int, then separator: Unicode.Scalar) {
    var divisor: Int64 = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
    append(UInt8(ascii: separator))
  }
}
