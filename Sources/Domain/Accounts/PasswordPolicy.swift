// SPDX-License-Identifier: Apache-2.0

/// What a new password must be like: the one policy for registration, invites, changes and resets. The
/// four rules are those of Django's validators, so that what the existing system accepts is accepted here.
package enum PasswordPolicy {
  /// In Unicode scalars.
  package static let minimumLength = 8
  /// In Unicode scalars, so at most 512 bytes are hashed: no sentence that a person types is longer, and
  /// nobody can make the hasher, which reads all of it, work on megabytes.
  package static let maximumLength = 128
  /// From this share of common characters on, a password is a variation of its owner's data.
  private static let maximumSimilarity = 0.7

  /// What is known of the person who chooses.
  package struct Person: Sendable {
    package var email: String
    package var username: String
    package var firstName: String
    package var lastName: String

    /// Empty texts are not compared.
    package init(
      email: String = "", username: String = "", firstName: String = "", lastName: String = ""
    ) {
      self.email = email
      self.username = username
      self.firstName = firstName
      self.lastName = lastName
    }
  }

  /// - Returns: everything that is wrong with the password, in words for the person; empty: none.
  package static func problems(of password: PlainPassword, for person: Person) -> [String] {
    let scalars = password.value.unicodeScalars
    guard scalars.count <= maximumLength else {
      return ["This password is too long. It must contain at most \(maximumLength) characters."]
    }
    var problems: [String] = []
    let folded = password.value.lowercased()
    for (value, name) in person.values where isSimilar(folded, to: value) {
      problems.append("The password is too similar to the \(name).")
    }
    if scalars.count < minimumLength {
      problems.append(
        "This password is too short. It must contain at least \(minimumLength) characters.")
    }
    if CommonPasswords.all.contains(folded) {
      problems.append("This password is too common.")
    }
    if !scalars.isEmpty, scalars.allSatisfy({ $0.properties.numericType == .decimal }) {
      problems.append("This password is entirely numeric.")
    }
    return problems
  }

  /// Compares with the whole value and with each word of it.
  private static func isSimilar(_ password: String, to value: String) -> Bool {
    let value = value.lowercased()
    let words = value.unicodeScalars.split { !isWordCharacter($0) }.map { String($0) }
    return (words + [value]).contains {
      !$0.isEmpty && similarity(password, $0) >= maximumSimilarity
    }
  }

  /// Twice the number of scalars that both have, in any order, by the number of all: 0…1.
  private static func similarity(_ left: String, _ right: String) -> Double {
    var counts: [Unicode.Scalar: Int] = [:]
    for scalar in left.unicodeScalars { counts[scalar, default: 0] += 1 }
    var common = 0
    for scalar in right.unicodeScalars {
      guard let count = counts[scalar], count > 0 else { continue }
      counts[scalar] = count - 1
      common += 1
    }
    let total = left.unicodeScalars.count + right.unicodeScalars.count
    return total == 0 ? 1 : 2 * Double(common) / Double(total)
  }

  private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }
}

extension PasswordPolicy.Person {
  fileprivate var values: [(String, name: String)] {
    [
      (username, "username"), (firstName, "first name"), (lastName, "last name"),
      (email, "email address"),
    ]
  }
}
