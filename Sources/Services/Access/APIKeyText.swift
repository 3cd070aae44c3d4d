// SPDX-License-Identifier: Apache-2.0

package import Credentials
package import Domain

/// An API key as its owner has it: `tsk_<12 characters>_<43 characters>`. Does not print itself.
package struct APIKeyText: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible
{
  private static let mark = "tsk_"
  private static let prefixLength = 12
  /// 32 bytes in base64url.
  private static let secretLength = 43

  /// By which it is found.
  package let prefix: String
  /// The whole key, to be shown to its owner once.
  package let text: String

  /// Makes a new key.
  package init() throws(CryptoError) {
    prefix = try SecureRandom.alphanumeric(Self.prefixLength)
    text = Self.mark + prefix + "_" + (try SecureRandom.token())
  }

  /// - Returns: nil when `text` cannot be a key.
  init?(_ text: String) {
    let bytes = text.utf8
    let total = Self.mark.utf8.count + Self.prefixLength + 1 + Self.secretLength
    guard Self.isOne(text), bytes.count == total,
      bytes.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    let rest = text.dropFirst(Self.mark.count)
    prefix = String(rest.prefix(Self.prefixLength))
    guard rest.dropFirst(Self.prefixLength).first == "_" else { return nil }
    self.text = text
  }

  /// Whether a credential means to be an API key.
  static func isOne(_ text: String) -> Bool { text.hasPrefix(mark) }

  /// What is stored of it.
  package func digest() throws(CryptoError) -> SecretDigest {
    SecretDigest(bytes: try Digest.sha256(text))
  }

  package var description: String { "(redacted)" }
  package var debugDescription: String { description }
}
