// SPDX-License-Identifier: Apache-2.0

extension Timestamp {
  /// The years that RFC 3339 can write.
  package static let rfc3339Range =
    Timestamp(
      microseconds: -62_135_596_800_000_000)...Timestamp(
      microseconds: 253_402_300_799_999_999)

  /// Parses an RFC 3339 §5.6 date-time: `2025-01-01T12:00:00Z`, with optional fraction (digits beyond
  /// microseconds are cut) and with `Z` or a numeric offset. A time without offset is refused: guessing
  /// a zone is how readings end up three hours off. A leap second (`:60`) counts as the next second.
  /// - Returns: nil when `text` is anything else.
  package init?(rfc3339 text: some StringProtocol) {
    var scanner = DigitScanner(Array(text.utf8))
    guard let year = scanner.digits(4), year >= 1, scanner.take("-"),
      let month = scanner.digits(2), (1...12).contains(month), scanner.take("-"),
      let day = scanner.digits(2), (1...CivilDate.days(in: month, of: year)).contains(day),
      scanner.take("T") || scanner.take("t") || scanner.take(" "),
      let hour = scanner.digits(2), hour <= 23, scanner.take(":"),
      let minute = scanner.digits(2), minute <= 59, scanner.take(":"),
      let second = scanner.digits(2), second <= 60
    else { return nil }
    var fraction: Int64 = 0
    if scanner.take(".") {
      guard let parsed = scanner.fraction() else { return nil }
      fraction = parsed
    }
    var offsetMinutes = 0
    if !(scanner.take("Z") || scanner.take("z")) {
      let sign = scanner.take("+") ? 1 : (scanner.take("-") ? -1 : 0)
      guard sign != 0, let hours = scanner.digits(2), hours <= 23, scanner.take(":"),
        let minutes = scanner.digits(2), minutes <= 59
      else { return nil }
      offsetMinutes = sign * (hours * 60 + minutes)
    }
    guard scanner.isAtEnd else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - offsetMinutes * 60)
    microseconds = seconds * 1_000_000 + fraction
    guard Self.rfc3339Range.contains(self) else { return nil }
  }

  /// `2025-01-01T12:00:00Z`, with as many of six fraction digits as are needed (none, three or six).
  /// Instants outside the years 1–9999 are written as the nearest that can be.
  package var rfc3339: String {
    let clamped = min(max(self, Self.rfc3339Range.lowerBound), Self.rfc3339Range.upperBound)
    let (seconds, fraction) = clamped.microseconds.flooredDivision(by: 1_000_000)
    let (days, secondOfDay) = seconds.flooredDivision(by: 86_400)
    let date = CivilDate(daysSinceEpoch: days)
    var text = [UInt8]()
    text.reserveCapacity(27)
    text.appendDigits(date.year, 4)
    text.append(UInt8(ascii: "-"))
    text.appendDigits(date.month, 2)
    text.append(UInt8(ascii: "-"))
    text.appendDigits(date.day, 2)
    text.append(UInt8(ascii: "T"))
    text.appendDigits(Int(secondOfDay / 3600), 2)
    text.append(UInt8(ascii: ":"))
    text.appendDigits(Int(secondOfDay / 60 % 60), 2)
    text.append(UInt8(ascii: ":"))
    text.appendDigits(Int(secondOfDay % 60), 2)
    if fraction != 0 {
      text.append(UInt8(ascii: "."))
      if fraction % 1000 == 0 {
        text.appendDigits(Int(fraction / 1000), 3)
      } else {
        text.appendDigits(Int(fraction), 6)
      }
    }
    text.append(UInt8(ascii: "Z"))
    return String(decoding: text, as: UTF8.self)
  }
}

/// A day of the proleptic Gregorian calendar. Arithmetic in eras of 400 years, whose year starts in March.
struct CivilDate: Equatable {
  var year: Int
  var month: Int
  var day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  init(daysSinceEpoch: Int64) {
    let (era, dayOfEra) = (daysSinceEpoch + 719_468).flooredDivision(by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    month = Int(marchMonth < 10 ? marchMonth + 3 : marchMonth - 9)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
  }

  var daysSinceEpoch: Int64 {
    let marchYear = Int64(month <= 2 ? year - 1 : year)
    let (era, yearOfEra) = marchYear.flooredDivision(by: 400)
    let marchMonth = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * marchMonth + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Reads fixed-width decimal fields.
private struct DigitScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func digits(_ count: Int) -> Int? {
    guard position + count <= bytes.count else { return nil }
    var value = 0
    for offset in 0..<count {
      guard let digit = Self.digit(bytes[position + offset]) else { return nil }
      value = value * 10 + digit
    }
    position += count
    return value
  }

  /// One or more digits after a decimal point, in millionths.
  mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var count = 0
    while position < bytes.count, let digit = Self.digit(bytes[position]) {
      if count < 6 { value = value * 10 + Int64(digit) }
      count += 1
      position += 1
    }
    guard count > 0 else { return nil }
    for _ in min(count, 6)..<6 { value *= 10 }
    return value
  }

  private static func digit(_ byte: UInt8) -> Int? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
  }
}

extension Int64 {
  fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension [UInt8] {
  fileprivate mutating func appendDigits(_ value: Int, _ width: Int) {
    var divisor = 1
    for _ in 1..<width { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }
}
