// SPDX-License-Identifier: Apache-2.0

/// The name of an object's member: valid UTF-8 with its escapes resolved. Compares with literals without
/// allocating, also in `switch`.
package struct JSONKey: Sendable, CustomStringConvertible {
  /// UTF-8; a view of the reader's text unless the name contained escapes.
  package let utf8: ArraySlice<UInt8>
  /// Where the name starts, in bytes from the start of the text.
  package let offset: Int

  /// The name as a string.
  package var description: String { String(decoding: utf8, as: UTF8.self) }

  /// Whether the name is exactly `literal`.
  package static func == (key: JSONKey, literal: StaticString) -> Bool {
    guard literal.hasPointerRepresentation, literal.utf8CodeUnitCount == key.utf8.count else {
      return false
    }
    return literal.withUTF8Buffer { unsafe $0.elementsEqual(key.utf8) }
  }

  /// Lets `switch key { case "value": … }` compare without allocating.
  package static func ~= (literal: StaticString, key: JSONKey) -> Bool { key == literal }
}
