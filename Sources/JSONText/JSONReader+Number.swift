// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
  /// Reads a number as the nearest `Double`.
  /// - Throws: `.numberOutOfRange` when it is larger than any `Double`.
  package mutating func readDouble() throws(JSONError) -> Double {
    try expect(.number)
    let number = try scanNumber()
    // Exact: both operands are Doubles without rounding, so that IEEE 754 rounds once (Clinger 1990).
    if !number.isTruncated, number.digits <= 1 << 53, (-22...22).contains(number.exponent) {
      let magnitude = Double(number.digits)
      let power = powersOfTen[Int(number.exponent.magnitude)]
      let value = number.exponent < 0 ? magnitude / power : magnitude * power
      return number.isNegative ? -value : value
    }
    guard let value = Double(String(decoding: bytes[number.range], as: UTF8.self)), value.isFinite
    else { throw JSONError(.numberOutOfRange, at: number.range.lowerBound) }
    return value
  }

  /// Reads a number that is an integer, exactly; `1.0` and `1e3` are integers.
  /// - Throws: `.notAnInteger`, `.numberOutOfRange`.
  package mutating func readInt64() throws(JSONError) -> Int64 {
    let (isNegative, magnitude, start) = try readInteger()
    guard magnitude <= (isNegative ? 1 << 63 : UInt64(Int64.max)) else {
      throw JSONError(.numberOutOfRange, at: start)
    }
    return Int64(truncatingIfNeeded: isNegative ? 0 &- magnitude : magnitude)
  }

  /// As ``readInt64()``, for integers that are not negative.
  package mutating func readUInt64() throws(JSONError) -> UInt64 {
    let (isNegative, magnitude, start) = try readInteger()
    guard !isNegative || magnitude == 0 else { throw JSONError(.numberOutOfRange, at: start) }
    return magnitude
  }

  private mutating func readInteger() throws(JSONError) -> (Bool, UInt64, start: Int) {
    try expect(.number)
    let number = try scanNumber()
    let start = number.range.lowerBound
    guard !number.isTruncated else { throw JSONError(.numberOutOfRange, at: start) }
    var magnitude = number.digits
    var exponent = magnitude == 0 ? 0 : number.exponent
    while exponent < 0 {
      guard magnitude.isMultiple(of: 10) else { throw JSONError(.notAnInteger, at: start) }
      magnitude /= 10
      exponent += 1
    }
    while exponent > 0 {
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      guard !overflow else { throw JSONError(.numberOutOfRange, at: start) }
      magnitude = product
      exponent -= 1
    }
    return (number.isNegative, magnitude, start)
  }

  /// Reads a number of the form of RFC 8259 §6 that starts at `offset`.
  mutating func scanNumber() throws(JSONError) -> ScannedNumber {
    let start = offset
    var number = ScannedNumber(range: start..<start)
    if bytes[offset] == UInt8(ascii: "-") {
      number.isNegative = true
      offset += 1
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") {
      // No digit may follow a leading zero; what does follow is refused as a missing ',' or end.
      offset += 1
    } else {
      try scanDigits { number.append($0, isFraction: false) }
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      offset += 1
      try scanDigits { number.append($0, isFraction: true) }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      offset += 1
      var isNegative = false
      if offset < bytes.count, let sign = Optional(bytes[offset]),
        sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
      {
        isNegative = sign == UInt8(ascii: "-")
        offset += 1
      }
      var exponent = 0
      try scanDigits { exponent = min(exponent * 10 + Int($0), 1_000_000) }
      number.exponent += isNegative ? -exponent : exponent
    }
    number.range = start..<offset
    return number
  }

  private mutating func scanDigits(_ take: (UInt8) -> Void) throws(JSONError) {
    let start = offset
    while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) {
      take(bytes[offset] - UInt8(ascii: "0"))
      offset += 1
    }
    guard offset > start else {
      throw offset < bytes.count
        ? JSONError(.unexpectedByte(expected: "a digit"), at: offset)
        : JSONError(.unexpectedEnd, at: offset)
    }
  }
}

/// A number taken apart: ±`digits` × 10^`exponent`.
struct ScannedNumber {
  /// Where it stands in the text.
  var range: Range<Int>
  var isNegative = false
  /// All significant digits, unless `isTruncated`.
  var digits: UInt64 = 0
  var exponent = 0
  /// There were more digits than fit.
  var isTruncated = false

  mutating func append(_ digit: UInt8, isFraction: Bool) {
    let (shifted, overflow) = digits.multipliedReportingOverflow(by: 10)
    let (sum, carry) = shifted.addingReportingOverflow(UInt64(digit))
    if overflow || carry || isTruncated {
      isTruncated = true
    } else {
      digits = sum
      if isFraction { exponent -= 1 }
    }
  }
}

/// 10^0 to 10^22: the powers of ten that are Doubles exactly.
private let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
]
