// SPDX-License-Identifier: Apache-2.0

/// Degrees of latitude or longitude, exact to 6 decimals (11 cm).
package struct Coordinate: Hashable, Sendable, CustomStringConvertible {
  /// Which of the two, and so how far it goes.
  package enum Axis: Sendable {
    case latitude
    case longitude

    /// In degrees, either way.
    package var limit: Int {
      switch self {
      case .latitude: 90
      case .longitude: 180
      }
    }
  }

  /// Millionths of a degree.
  package let microdegrees: Int

  /// - Parameter text: decimal, with at most 6 digits after the point: `-18.9186`.
  /// - Returns: nil when `text` is anything else, or beyond ±90° or ±180°.
  package init?(_ text: some StringProtocol, _ axis: Axis) {
    var digits = Substring(text)
    let isNegative = digits.hasPrefix("-")
    if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
    let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? parts[1] : ""
    guard (1...3).contains(parts[0].utf8.count), fraction.utf8.count <= 6,
      parts.count == 1 || !fraction.isEmpty,
      (parts[0].utf8 + Array(fraction.utf8)).allSatisfy({ (0x30...0x39).contains($0) }),
      let whole = Int(parts[0]),
      let rest = Int(fraction + String(repeating: "0", count: 6 - fraction.utf8.count)),
      whole * 1_000_000 + rest <= axis.limit * 1_000_000
    else { return nil }
    microdegrees = (isNegative ? -1 : 1) * (whole * 1_000_000 + rest)
  }

  /// With all 6 decimals.
  package var description: String {
    let (whole, rest) = microdegrees.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    let fraction = String(rest)
    return "\(microdegrees < 0 ? "-" : "")\(whole)."
      + String(repeating: "0", count: 6 - fraction.count) + fraction
  }
}
