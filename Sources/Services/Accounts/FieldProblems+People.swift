// SPDX-License-Identifier: Apache-2.0

import Domain

/// Fields that several requests about people have.
extension FieldProblems {
  /// Of first and last names.
  static let maxName = 150

  mutating func email(_ text: String, _ field: String = "email") -> EmailAddress? {
    guard !text.trimmed.isEmpty else {
      add(field, Self.isRequired)
      return nil
    }
    guard let email = EmailAddress(text) else {
      add(field, "Enter a valid email address.")
      return nil
    }
    return email
  }

  /// - Returns: nil for an empty text, and for what is no role, which is added.
  mutating func role(_ text: String, _ field: String = "role") -> Role? {
    guard !text.isEmpty else { return nil }
    guard let role = Role(rawValue: text.lowercased()) else {
      let all = Role.allCases.map(\.rawValue).joined(separator: ", ")
      add(field, "\"\(text.prefix(50))\" is not a valid choice: \(all).")
      return nil
    }
    return role
  }

  /// Both names in one text, split at the first white space.
  mutating func names(_ text: String, _ field: String = "name") -> (first: String, last: String) {
    let whole = line(text, field, maxLength: 2 * Self.maxName + 1)
    let parts = whole.split(maxSplits: 1, omittingEmptySubsequences: true) { $0.isWhitespace }
    let first = parts.first.map { String($0) } ?? ""
    let last = parts.count > 1 ? String(parts[1]).trimmed : ""
    if !mentions(field), max(first.unicodeScalars.count, last.unicodeScalars.count) > Self.maxName {
      add(field, "Ensure that neither name has more than \(Self.maxName) characters.")
    }
    return (first, last)
  }

  /// A new password, by the one policy.
  mutating func password(
    _ password: PlainPassword, _ field: String, for person: PasswordPolicy.Person
  ) {
    guard !password.value.isEmpty else { return add(field, Self.isRequired) }
    for problem in PasswordPolicy.problems(of: password, for: person) { add(field, problem) }
  }

  mutating func confirmation(_ text: String, of password: String, _ field: String) {
    if text != password { add(field, "The two passwords do not match.") }
  }
}

extension PasswordPolicy.Person {
  /// What is known of somebody who has an account.
  init(_ user: UserAccount) {
    self.init(
      email: user.email.rawValue, username: user.username.rawValue,
      firstName: user.profile.firstName, lastName: user.profile.lastName)
  }
}
