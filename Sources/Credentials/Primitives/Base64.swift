// SPDX-License-Identifier: Apache-2.0

/// RFC 4648 §4, with padding: what Django's password hashes use.
enum Base64 {
  static func encode(_ bytes: [UInt8]) -> String {
    let text = Base64Digits.standard.encode(bytes)
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return text + padding
  }

  /// - Returns: nil for anything that ``encode(_:)`` would not have written.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let utf8 = Array(text.utf8)
    guard utf8.count % 4 == 0 else { return nil }
    let padding = utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    return Base64Digits.standard.decode(utf8.dropLast(padding))
  }
}

/// RFC 4648 §5 without padding, as RFC 7515 §2 has it.
package enum Base64URL {
  package static func encode(_ bytes: [UInt8]) -> String { Base64Digits.url.encode(bytes) }

  /// - Returns: nil for anything that ``encode(_:)`` would not have written: padding, white space, other
  ///   characters, bits left over that are not zero.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    Base64Digits.url.decode(Array(text.utf8)[...])
  }
}

/// One of the two alphabets.
private struct Base64Digits: Sendable {
  static let standard = Base64Digits(last: "+/")
  static let url = Base64Digits(last: "-_")

  private let digits: [UInt8]
  private let values: [UInt8?]

  private init(last: String) {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    digits = Array((letters + last).utf8)
    var values = [UInt8?](repeating: nil, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    self.values = values
  }

  func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 4 / 3 + 2)
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(digits[Int(pending >> bits & 0x3F)])
      }
    }
    if bits > 0 { text.append(digits[Int(pending << (6 - bits) & 0x3F)]) }
    return String(decoding: text, as: UTF8.self)
  }

  func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for character in text {
      guard let value = values[Int(character)] else { return nil }
      pending = pending << 6 | UInt32(value)
      bits += 6
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
    }
    guard pending & (1 << bits - 1) == 0 else { return nil }
    return bytes
  }
}
