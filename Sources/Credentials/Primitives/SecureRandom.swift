// SPDX-License-Identifier: Apache-2.0
import ByteText
import COpenSSL

/// Randomness that nobody can guess: libcrypto's generator, seeded by the kernel.
package enum SecureRandom {
  /// - Parameter count: how many bytes, 0 or more.
  /// - Throws: when the generator cannot be seeded; never weak bytes.
  package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard unsafe RAND_bytes(&bytes, Int32(clamping: count)) == 1 else {
      throw CryptoError(operation: "RAND_bytes")
    }
    return bytes
  }

  /// A secret as text that fits into a URL: 43 characters for 32 bytes.
  package static func token(bytes count: Int = 32) throws(CryptoError) -> String {
    Base64.text(try bytes(count), as: .url)
  }

  /// A random UUID as text, lower-case (RFC 9562 §5.4).
  package static func uuid() throws(CryptoError) -> String {
    var bytes = try bytes(16)
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = Array(Hexadecimal.encode(bytes))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
      .joined(separator: "-")
  }

  /// Text of `count` letters and digits, each equally likely.
  package static func alphanumeric(_ count: Int) throws(CryptoError) -> String {
    let alphabet = Array(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".unicodeScalars)
    // The largest multiple of 62 in a byte: beyond, some letters would be likelier than others.
    let end = UInt8(256 / alphabet.count * alphabet.count)
    var text = String.UnicodeScalarView()
    while text.count < count {
      for byte in try bytes(count) where byte < end && text.count < count {
        text.append(alphabet[Int(byte) % alphabet.count])
      }
    }
    return String(text)
  }
}
