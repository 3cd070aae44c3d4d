// SPDX-License-Identifier: Apache-2.0

import ByteText
package import Credentials
import Domain

/// Signs URLs of stored files, so that a browser can fetch them for a while without other credentials.
package struct MediaSigner: Sendable, CustomStringConvertible {
  private let secret: [UInt8]

  /// - Parameter secret: of the installation; never shown. The key that signs is derived from it, and
  ///   signs nothing else.
  package init(secret: String) throws(CryptoError) {
    self.secret = try Digest.hmacSHA256(Array("traksense media URLs".utf8), key: Array(secret.utf8))
  }

  /// - Parameters:
  ///   - key: of the file, characters that a path may hold.
  ///   - expiry: whole seconds count.
  /// - Returns: `/media/<key>?expires=…&signature=…`.
  func path(of key: String, until expiry: Timestamp) throws(CryptoError) -> String {
    let expires = expiry.microseconds / 1_000_000
    let signature = Base64.text(try self.signature(key, expires), as: .url)
    return "/media/\(key)?expires=\(expires)&signature=\(signature)"
  }

  /// Whether a signature is ours and still counts. Tells nothing by the time that it takes.
  func accepts(
    _ key: String, expires: String, signature: String, at now: Timestamp
  ) throws(CryptoError) -> Bool {
    guard let seconds = Int64(expires), seconds >= 0, String(seconds) == expires,
      let presented = Base64.decode(exactly: signature, as: .url)
    else { return false }
    let expected = try self.signature(key, seconds)
    return ConstantTime.areEqual(presented, expected) && now.microseconds / 1_000_000 < seconds
  }

  private func signature(_ key: String, _ expires: Int64) throws(CryptoError) -> [UInt8] {
    // The number comes first, and holds no line feed: no two pairs have the same text.
    try Digest.hmacSHA256(Array("\(expires)\n\(key)".utf8), key: secret)
  }

  package var description: String { "(redacted)" }
}
