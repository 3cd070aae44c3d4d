// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime

/// Collects everything that is wrong with a request, so that its caller hears of all of it at once.
struct FieldProblems {
  private(set) var violations: [FieldViolation] = []

  var isEmpty: Bool { violations.isEmpty }

  mutating func add(_ field: String, _ problem: String) {
    violations.append(FieldViolation(field: field, description: problem))
  }

  /// Whether something is wrong with a field already.
  func mentions(_ field: String) -> Bool { violations.contains { $0.field == field } }

  /// - Throws: INVALID_ARGUMENT with all that was added.
  func check() throws(RPCError) {
    guard let first = violations.first else { return }
    let message =
      violations.count == 1
      ? "\(first.field): \(first.description)" : "\(violations.count) fields are not valid"
    throw RPCError(.invalidArgument, message, violations: violations)
  }

  // MARK: What a field may be

  /// A text that must be there, trimmed.
  mutating func required(_ text: String, _ field: String, maxLength: Int) -> String {
    let text = line(text, field, maxLength: maxLength)
    if text.isEmpty, !mentions(field) { add(field, Self.isRequired) }
    return text
  }

  /// A text of one line, trimmed; may be empty.
  mutating func line(_ text: String, _ field: String, maxLength: Int) -> String {
    let text = text.trimmed
    if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      add(field, "Must not contain control characters.")
    }
    limit(text, field, maxLength)
    return text
  }

  /// A text of any number of lines, trimmed; may be empty.
  mutating func text(_ text: String, _ field: String, maxLength: Int) -> String {
    let text = text.trimmed
    if text.unicodeScalars.contains(where: {
      $0.properties.generalCategory == .control && !"\n\r\t".unicodeScalars.contains($0)
    }) {
      add(field, "Must not contain control characters.")
    }
    limit(text, field, maxLength)
    return text
  }

  /// A secret or other text that is taken as it is.
  mutating func present(_ text: String, _ field: String) {
    if text.isEmpty { add(field, Self.isRequired) }
  }

  private mutating func limit(_ text: String, _ field: String, _ maxLength: Int) {
    if text.unicodeScalars.count > maxLength {
      add(field, "Ensure this field has no more than \(maxLength) characters.")
    }
  }

  static let isRequired = "This field is required."
}
