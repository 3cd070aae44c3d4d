// SPDX-License-Identifier: Apache-2.0

/// What may be the key of a map field: integers, booleans and strings. JSON writes all of them as strings.
package protocol ProtobufMapKey: Hashable, Sendable {
  /// What keys of the type are, for people.
  static var phrase: String { get }

  /// Reads the key's form in JSON.
  init?(text: String)

  /// The key's form in JSON.
  var text: String { get }

  /// A total order, so that equal maps are written alike.
  static func isOrdered(_ a: Self, before b: Self) -> Bool
}

extension ProtobufMapKey where Self: Comparable {
  package static func isOrdered(_ a: Self, before b: Self) -> Bool { a < b }
}

extension ProtobufMapKey where Self: FixedWidthInteger {
  package static var phrase: String { "a \(bitWidth)-bit integer" }

  /// Decimal digits, with `-` in front of negative ones.
  package init?(text: String) {
    guard text.first != "+" else { return nil }
    self.init(text, radix: 10)
  }

  package var text: String { String(self) }
}

extension Int32: ProtobufMapKey {}
extension Int64: ProtobufMapKey {}
extension UInt32: ProtobufMapKey {}
extension UInt64: ProtobufMapKey {}

/// Keys are equal when they are canonically equivalent, as Swift's strings are.
extension String: ProtobufMapKey {
  package static var phrase: String { "a string" }

  package init?(text: String) { self = text }

  package var text: String { self }
}

extension Bool: ProtobufMapKey {
  package static var phrase: String { "true or false" }

  package init?(text: String) {
    switch text {
    case "true": self = true
    case "false": self = false
    default: return nil
    }
  }

  package var text: String { self ? "true" : "false" }

  package static func isOrdered(_ a: Bool, before b: Bool) -> Bool { !a && b }
}
