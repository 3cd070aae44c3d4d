// SPDX-License-Identifier: Apache-2.0

/// The other name that a person may sign in with: 1–150 characters of `a–z`, `0–9` and `.+-_`, lower case.
/// Never contains `@`, so that it cannot be somebody's address.
package struct Username: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  package static let maxLength = 150

  package let rawValue: String

  /// - Returns: nil when `text` is not such a name.
  package init?(_ text: String) {
    let folded = text.trimmed.lowercased()
    guard (1...Self.maxLength).contains(folded.utf8.count),
      folded.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".+-_".contains($0)) })
    else { return nil }
    rawValue = folded
  }

  package var description: String { "(redacted)" }
  package var debugDescription: String { description }
}

/// What somebody typed to sign in: with `@` an address, else a user name.
package enum LoginName: Hashable, Sendable {
  case email(EmailAddress)
  case username(Username)

  /// - Returns: nil when nobody can be called so.
  package init?(_ text: String) {
    if text.contains("@") {
      guard let email = EmailAddress(text) else { return nil }
      self = .email(email)
    } else {
      guard let username = Username(text) else { return nil }
      self = .username(username)
    }
  }
}
