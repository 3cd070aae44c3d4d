// SPDX-License-Identifier: Apache-2.0

/// Why a text is not the JSON that was asked for.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was wrong.
  package enum Reason: Hashable, Sendable {
    /// The text ended in the middle of a value.
    case unexpectedEnd
    /// The byte at the offset cannot stand there; the text says what can.
    case unexpectedByte(expected: String)
    /// A value of another kind than the one asked for.
    case typeMismatch(expected: JSONKind, found: JSONKind)
    /// A number with a fraction where an integer was asked for.
    case notAnInteger
    /// A number that the type asked for cannot hold.
    case numberOutOfRange
    /// A backslash followed by something that RFC 8259 §7 does not define.
    case invalidEscape
    /// `\uD800`–`\uDFFF` that is not half of a pair.
    case loneSurrogate
    /// Bytes that are not UTF-8.
    case invalidUTF8
    /// An unescaped control character inside a string.
    case controlCharacter
    /// More containers inside each other than the reader allows.
    case tooDeep
    /// Something other than white space after the value.
    case trailingBytes
  }

  /// What was wrong.
  package let reason: Reason
  /// Where, in bytes from the start of the text.
  package let offset: Int

  /// - Parameters:
  ///   - reason: what was wrong.
  ///   - offset: where, in bytes from the start of the text.
  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// For people: `expected a value at byte 17`.
  package var description: String { "\(summary) at byte \(offset)" }

  /// For people, without the place.
  package var summary: String {
    switch reason {
    case .unexpectedEnd: "unexpected end"
    case .unexpectedByte(let expected): "expected \(expected)"
    case .typeMismatch(let expected, let found):
      "expected \(expected.rawValue), found \(found.rawValue)"
    case .notAnInteger: "expected an integer"
    case .numberOutOfRange: "number out of range"
    case .invalidEscape: "invalid escape"
    case .loneSurrogate: "lone surrogate"
    case .invalidUTF8: "invalid UTF-8"
    case .controlCharacter: "unescaped control character"
    case .tooDeep: "nested too deeply"
    case .trailingBytes: "unexpected bytes after the value"
    }
  }
}
