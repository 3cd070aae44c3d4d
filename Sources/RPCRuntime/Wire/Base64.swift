// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Base64 with the standard alphabet (RFC 4648 §4).
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// By ASCII code; `noDigit` for what is none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: noDigit, count: 256)
    for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  private static let noDigit: UInt8 = 0xFF
  private static let padding = UInt8(ascii: "=")

  package static func encode(_ bytes: some Sequence<UInt8>, padded: Bool) -> [UInt8] {
    unsafe Array(bytes).withUnsafeBytes { unsafe encode($0, padded: padded) }
  }

  static func encode(_ bytes: UnsafeRawBufferPointer, padded: Bool) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { digits, count in
      unsafe alphabet.withUnsafeBufferPointer { alphabet in
        var next = 0
        while next < bytes.count {
          let left = bytes.count - next
          var bits = unsafe UInt32(bytes[next]) << 16
          if left > 1 { unsafe bits |= UInt32(bytes[next + 1]) << 8 }
          if left > 2 { unsafe bits |= UInt32(bytes[next + 2]) }
          unsafe digits[count] = alphabet[Int(bits >> 18)]
          unsafe digits[count + 1] = alphabet[Int(bits >> 12 & 63)]
          unsafe digits[count + 2] = left > 1 ? alphabet[Int(bits >> 6 & 63)] : padding
          unsafe digits[count + 3] = left > 2 ? alphabet[Int(bits & 63)] : padding
          count += left > 2 || padded ? 4 : left + 1
          next += 3
        }
      }
    }
  }

  /// - Parameter text: with or without padding.
  /// - Returns: nil when it is not base64.
  package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var decoder = Decoder()
    var decoded = ByteBuffer()
    guard unsafe Array(text).withUnsafeBytes({ unsafe decoder.take($0, into: &decoded) }),
      decoder.finish(into: &decoded)
    else { return nil }
    return Array(decoded.readableBytesView)
  }

  /// Takes digits as they come. Padding may come in the middle: then another text begins behind it.
  struct Decoder {
    private var bits: UInt32 = 0
    private var digits = 0
    private var paddings = 0

    /// - Returns: false when a digit is none, or has no place where it stands.
    mutating func take(_ text: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Bool {
      var isRight = true
      _ = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: text.count / 4 * 3 + 3) {
        bytes in
        unsafe Base64.values.withUnsafeBufferPointer { values in
          var written = 0
          var next = 0
          while next < text.count {
            let digit = unsafe text[next]
            next += 1
            let value = unsafe values[Int(digit)]
            if value == Base64.noDigit {
              guard digit == Base64.padding, digits >= 2 else {
                isRight = false
                return written
              }
              paddings += 1
              if digits + paddings == 4 { unsafe written += end(at: bytes, written) }
              continue
            }
            guard paddings == 0 else {
              isRight = false
              return written
            }
            bits = bits << 6 | UInt32(value)
            digits += 1
            guard digits == 4 else { continue }
            unsafe bytes[written] = UInt8(truncatingIfNeeded: bits >> 16)
            unsafe bytes[written + 1] = UInt8(truncatingIfNeeded: bits >> 8)
            unsafe bytes[written + 2] = UInt8(truncatingIfNeeded: bits)
            written += 3
            digits = 0
          }
          return written
        }
      }
      return isRight
    }

    /// What was taken last is the end of a text.
    /// - Returns: false when a text cannot end there.
    mutating func finish(into output: inout ByteBuffer) -> Bool {
      guard digits != 1, paddings == 0 else { return false }
      _ = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: 2) {
        unsafe end(at: $0, 0)
      }
      return true
    }

    /// Writes what two or three last digits hold.
    private mutating func end(at bytes: UnsafeMutableRawBufferPointer, _ offset: Int) -> Int {
      let count = max(0, digits - 1)
      let aligned = bits << UInt32(6 * (4 - digits))
      if count > 0 { unsafe bytes[offset] = UInt8(truncatingIfNeeded: aligned >> 16) }
      if count > 1 { unsafe bytes[offset + 1] = UInt8(truncatingIfNeeded: aligned >> 8) }
      self = Decoder()
      return count
    }
  }
}
