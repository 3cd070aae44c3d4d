// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Base64 with the standard alphabet (RFC 4648 §4).
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// By ASCII code; 0xFF for what is no digit.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  static func encode(_ bytes: some Sequence<UInt8>, padded: Bool) -> [UInt8] {
    var digits: [UInt8] = []
    var bits: UInt32 = 0
    var pending = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      pending += 1
      guard pending == 3 else { continue }
      for shift in [18, 12, 6, 0] as [UInt32] { digits.append(digit(bits >> shift)) }
      (bits, pending) = (0, 0)
    }
    switch pending {
    case 1:
      digits += [digit(bits >> 2), digit(bits << 4)]
      if padded { digits += [padding, padding] }
    case 2:
      digits += [digit(bits >> 10), digit(bits >> 4), digit(bits << 2)]
      if padded { digits.append(padding) }
    default: break
    }
    return digits
  }

  /// - Parameter text: with or without padding.
  /// - Returns: nil when it is not base64.
  static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var decoder = Decoder()
    var bytes: [UInt8] = []
    for digit in text {
      guard decoder.take(digit, { bytes.append($0) }) else { return nil }
    }
    return decoder.finish({ bytes.append($0) }) ? bytes : nil
  }

  private static let padding = UInt8(ascii: "=")

  private static func digit(_ bits: UInt32) -> UInt8 { alphabet[Int(bits & 63)] }

  /// Takes digits as they come. Padding may come in the middle: then another text begins behind it.
  struct Decoder {
    private var bits: UInt32 = 0
    private var digits = 0
    private var paddings = 0

    /// - Returns: false when the digit is none, or has no place here.
    mutating func take(_ digit: UInt8, _ output: (UInt8) -> Void) -> Bool {
      if digit == Base64.padding {
        paddings += 1
        guard digits >= 2, digits + paddings <= 4 else { return false }
        if digits + paddings == 4 { return finish(output) }
        return true
      }
      let value = Base64.values[Int(digit)]
      guard value != 0xFF, paddings == 0 else { return false }
      bits = bits << 6 | UInt32(value)
      digits += 1
      if digits == 4 {
        output(UInt8(truncatingIfNeeded: bits >> 16))
        output(UInt8(truncatingIfNeeded: bits >> 8))
        output(UInt8(truncatingIfNeeded: bits))
        self = Decoder()
      }
      return true
    }

    /// What was taken last is the end of a text.
    /// - Returns: false when a text cannot end there.
    mutating func finish(_ output: (UInt8) -> Void) -> Bool {
      defer { self = Decoder() }
      switch digits {
      case 0: return true
      case 2 where paddings != 1:
        output(UInt8(truncatingIfNeeded: bits >> 4))
        return true
      case 3:
        output(UInt8(truncatingIfNeeded: bits >> 10))
        output(UInt8(truncatingIfNeeded: bits >> 2))
        return true
      default: return false
      }
    }
  }
}
