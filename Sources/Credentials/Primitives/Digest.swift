// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// SHA-256 (FIPS 180-4), and the keyed form of it.
package enum Digest {
  /// Length of a SHA-256 digest, in bytes.
  package static let sha256Bytes = 32

  package static func sha256(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: sha256Bytes)
    guard unsafe EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil) == 1 else {
      throw CryptoError(operation: "EVP_Digest")
    }
    return digest
  }

  /// Of the text's UTF-8.
  package static func sha256(_ text: String) throws(CryptoError) -> [UInt8] {
    try sha256(Array(text.utf8))
  }

  /// HMAC-SHA256 (RFC 2104, RFC 4231).
  package static func hmacSHA256(
    _ message: [UInt8], key: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: sha256Bytes)
    var length = UInt32(0)
    let done = unsafe HMAC(
      EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &digest, &length)
    guard unsafe done != nil, Int(length) == sha256Bytes else {
      throw CryptoError(operation: "HMAC")
    }
    return digest
  }
}
