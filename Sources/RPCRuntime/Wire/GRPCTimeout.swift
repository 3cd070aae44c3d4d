// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The `grpc-timeout` header (gRPC over HTTP/2, "Requests", production Timeout).
enum GRPCTimeout {
  /// Parses 1–8 ASCII digits and one of `H M S m u n`.
  /// - Returns: the timeout, saturating at what `TimeAmount` holds (292 years); nil when malformed, which
  ///   the caller answers with INVALID_ARGUMENT.
  static func parse(_ text: String) -> TimeAmount? {
    guard let unit = text.utf8.last else { return nil }
    let digits = text.utf8.dropLast()
    guard (1...8).contains(digits.count) else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    let nanosecondsPerUnit: Int64
    switch unit {
    case UInt8(ascii: "H"): nanosecondsPerUnit = 3_600_000_000_000
    case UInt8(ascii: "M"): nanosecondsPerUnit = 60_000_000_000
    case UInt8(ascii: "S"): nanosecondsPerUnit = 1_000_000_000
    case UInt8(ascii: "m"): nanosecondsPerUnit = 1_000_000
    case UInt8(ascii: "u"): nanosecondsPerUnit = 1_000
    case UInt8(ascii: "n"): nanosecondsPerUnit = 1
    default: return nil
    }
    let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: nanosecondsPerUnit)
    return .nanoseconds(overflow ? .max : nanoseconds)
  }

  /// Writes a timeout in the finest unit whose value fits 8 digits; never rounds to less than it was,
  /// except beyond 99,999,999 hours.
  static func format(_ timeout: TimeAmount) -> String {
    let nanoseconds = max(0, timeout.nanoseconds)
    let units: [(Int64, String)] = [
      (1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M"),
      (3_600_000_000_000, "H"),
    ]
    for (size, name) in units {
      let value = nanoseconds / size + (nanoseconds % size == 0 ? 0 : 1)
      if value <= 99_999_999 { return "\(value)\(name)" }
    }
    return "99999999H"
  }
}
