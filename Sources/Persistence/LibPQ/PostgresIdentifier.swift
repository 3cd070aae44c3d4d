// SPDX-License-Identifier: Apache-2.0

/// A name in SQL, quoted: `x"y` becomes `"x""y"`.
package struct PostgresIdentifier: Hashable, Sendable, CustomStringConvertible {
  package let name: String

  /// - Returns: nil when PostgreSQL could not store such a name unchanged: empty, longer than 63 bytes
  ///   (`NAMEDATALEN` − 1; it would be cut, silently), or with U+0000.
  package init?(_ name: String) {
    guard (1...63).contains(name.utf8.count), !name.utf8.contains(0) else { return nil }
    self.name = name
  }

  /// As SQL writes it.
  package var quoted: String { "\"\(Self.doubling("\"", in: name))\"" }

  package var description: String { quoted }

  /// A string literal, for the few places where SQL takes a name as text.
  static func literal(_ text: String) -> String {
    // With standard_conforming_strings (on since 9.1; set on every connection) only the quote counts.
    "'\(doubling("'", in: text))'"
  }

  private static func doubling(_ quote: Character, in text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      result.unicodeScalars.append(character)
      if Character(character) == quote { result.unicodeScalars.append(character) }
    }
    return result
  }
}
