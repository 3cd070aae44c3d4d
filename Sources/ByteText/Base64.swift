// SPDX-License-Identifier: Apache-2.0

/// Bytes as base64 (RFC 4648).
package enum Base64 {
  /// One of the ways in which it is written.
  package struct Form: Sendable {
    /// §4: what MIME, PHC strings and JSON have.
    package static let standard = Form(digits: Base64.digits + "+/", isPadded: true)
    /// §4 without padding: what gRPC sends in `-bin` metadata.
    package static let unpadded = Form(digits: Base64.digits + "+/", isPadded: false)
    /// §5 without padding, as RFC 7515 §2 has it.
    package static let url = Form(digits: Base64.digits + "-_", isPadded: false)

    let digits: [UInt8]
    let isPadded: Bool

    private init(digits: String, isPadded: Bool) {
      self.digits = Array(digits.utf8)
      self.isPadded = isPadded
    }
  }

  /// Whose last two digits a reader knows.
  package struct Alphabet: Sendable {
    /// `+` and `/`.
    package static let standard = Alphabet("+/")
    /// `-` and `_` too.
    package static let either = Alphabet("+/", "-_")

    static let noDigit: UInt8 = 0xFF

    /// By ASCII code; `noDigit` for what is none.
    let values: [UInt8]

    private init(_ endings: String...) {
      var values = [UInt8](repeating: Self.noDigit, count: 256)
      for ending in endings {
        for (value, digit) in (Base64.digits + ending).utf8.enumerated() {
          values[Int(digit)] = UInt8(value)
        }
      }
      self.values = values
    }
  }

  private static let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  static let padding = UInt8(ascii: "=")

  package static func encode(
    _ bytes: some Sequence<UInt8>, as form: Form = .standard
  ) -> [UInt8] {
    unsafe Array(bytes).withUnsafeBytes { unsafe encode($0, as: form) }
  }

  package static func text(_ bytes: some Sequence<UInt8>, as form: Form = .standard) -> String {
    String(decoding: encode(bytes, as: form), as: UTF8.self)
  }

  package static func encode(
    _ bytes: UnsafeRawBufferPointer, as form: Form = .standard
  ) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text, count in
      unsafe form.digits.withUnsafeBufferPointer { digits in
        var next = 0
        while next < bytes.count {
          let left = bytes.count - next
          var bits = unsafe UInt32(bytes[next]) << 16
          if left > 1 { unsafe bits |= UInt32(bytes[next + 1]) << 8 }
          if left > 2 { unsafe bits |= UInt32(bytes[next + 2]) }
          unsafe text[count] = digits[Int(bits >> 18)]
          unsafe text[count + 1] = digits[Int(bits >> 12 & 63)]
          unsafe text[count + 2] = left > 1 ? digits[Int(bits >> 6 & 63)] : padding
          unsafe text[count + 3] = left > 2 ? digits[Int(bits & 63)] : padding
          count += left > 2 || form.isPadded ? 4 : left + 1
          next += 3
        }
      }
    }
  }

  /// - Parameter text: with or without padding.
  /// - Returns: nil when it is not base64.
  package static func decode(
    _ text: some Sequence<UInt8>, in alphabet: Alphabet = .standard
  ) -> [UInt8]? {
    var decoder = Decoder(alphabet)
    let text = Array(text)
    var isBase64 = true
    let room = Decoder.room(for: text.count)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { bytes, count in
      let bytes = UnsafeMutableRawBufferPointer(bytes)
      guard let taken = unsafe text.withUnsafeBytes({ unsafe decoder.take($0, into: bytes) }),
        let last = unsafe decoder.finish(
          into: UnsafeMutableRawBufferPointer(rebasing: bytes[taken...]))
      else {
        isBase64 = false
        return
      }
      count = taken + last
    }
    return isBase64 ? bytes : nil
  }

  /// For what is compared as text, so that nothing has two forms.
  /// - Returns: nil for anything that ``text(_:as:)`` would not have written: other padding, white space,
  ///   other digits, bits left over that are not zero.
  package static func decode(exactly text: some StringProtocol, as form: Form) -> [UInt8]? {
    guard let bytes = decode(text.utf8, in: .either),
      encode(bytes, as: form).elementsEqual(text.utf8)
    else { return nil }
    return bytes
  }
}
