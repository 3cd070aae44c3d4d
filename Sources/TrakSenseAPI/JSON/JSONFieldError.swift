// SPDX-License-Identifier: Apache-2.0

/// Why a JSON text is not the message that was asked for.
public struct JSONFieldError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Kind: Hashable, Sendable {
    /// The text is not JSON.
    case malformed
    /// A value is not what its field holds.
    case invalidValue
    /// A member that the message does not have.
    case unknownField
  }

  /// Whose fault it is.
  public let kind: Kind
  /// Path of the field by its .proto names: `readings[0].value`; empty: the text as a whole.
  public let path: String
  /// What is wrong, for people: `expected a number, found a string`.
  public let problem: String

  /// - Parameters:
  ///   - kind: whose fault it is.
  ///   - path: the field.
  ///   - problem: for people.
  public init(_ kind: Kind, path: String, problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  /// `readings[0].value: expected a number, found a string`.
  public var description: String { path.isEmpty ? problem : "\(path): \(problem)" }
}
