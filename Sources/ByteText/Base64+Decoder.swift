// SPDX-License-Identifier: Apache-2.0

extension Base64 {
  /// Takes digits as they come. Padding may come in the middle: then another text begins behind it.
  package struct Decoder: Sendable {
    private let alphabet: Alphabet
    private var bits: UInt32 = 0
    private var digits = 0
    private var paddings = 0

    package init(_ alphabet: Alphabet = .standard) {
      self.alphabet = alphabet
    }

    /// Bytes that as many digits may become, those of ``finish(into:)`` among them.
    package static func room(for digits: Int) -> Int { digits / 4 * 3 + 3 }

    /// - Parameter bytes: with ``room(for:)`` the digits.
    /// - Returns: how many bytes were written; nil when a digit is none, or has no place where it stands.
    package mutating func take(
      _ text: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer
    ) -> Int? {
      unsafe alphabet.values.withUnsafeBufferPointer { values in
        var written = 0
        var next = 0
        while next < text.count {
          let digit = unsafe text[next]
          next += 1
          let value = unsafe values[Int(digit)]
          if value == Alphabet.noDigit {
            guard digit == Base64.padding, digits >= 2 else { return nil }
            paddings += 1
            if digits + paddings == 4 { unsafe written += end(at: bytes, written) }
            continue
          }
          guard paddings == 0 else { return nil }
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

    /// What was taken last is the end of a text.
    /// - Parameter bytes: with room for two.
    /// - Returns: how many bytes were written; nil when a text cannot end there.
    package mutating func finish(into bytes: UnsafeMutableRawBufferPointer) -> Int? {
      guard digits != 1, paddings == 0 else { return nil }
      return unsafe end(at: bytes, 0)
    }

    /// Writes what two or three last digits hold.
    private mutating func end(at bytes: UnsafeMutableRawBufferPointer, _ offset: Int) -> Int {
      let count = max(0, digits - 1)
      let aligned = bits << UInt32(6 * (4 - digits))
      if count > 0 { unsafe bytes[offset] = UInt8(truncatingIfNeeded: aligned >> 16) }
      if count > 1 { unsafe bytes[offset + 1] = UInt8(truncatingIfNeeded: aligned >> 8) }
      (bits, digits, paddings) = (0, 0, 0)
      return count
    }
  }
}
