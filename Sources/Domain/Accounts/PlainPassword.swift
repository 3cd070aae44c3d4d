// SPDX-License-Identifier: Apache-2.0

/// A password as somebody typed it; lives for one call and does not print itself.
package struct PlainPassword: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible
{
  package let value: String

  package init(_ value: String) {
    self.value = value
  }

  package var description: String { "(redacted)" }
  package var debugDescription: String { description }
}

/// A password as it is stored, in Django's encoding: `scrypt$…`, `pbkdf2_sha256$…`. Does not print itself.
package struct PasswordHash: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible
{
  package let encoded: String

  package init(encoded: String) {
    self.encoded = encoded
  }

  package var description: String { "(redacted)" }
  package var debugDescription: String { description }
}

/// SHA-256 of a secret that only its owner has: of an invite, a password reset, an API key.
package struct SecretDigest: Hashable, Sendable {
  /// 32 bytes.
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) {
    self.bytes = bytes
  }
}
