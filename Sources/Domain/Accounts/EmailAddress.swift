// SPDX-License-Identifier: Apache-2.0

/// Where a person gets mail, and the name they sign in with. Trimmed and lower case, so that equal means the
/// same person. Does not print itself.
package struct EmailAddress: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible
{
  /// RFC 5321 §4.5.3.1.3 leaves 254 characters between the angle brackets.
  package static let maxLength = 254

  package let rawValue: String

  /// - Returns: nil when `text` is not `local@domain` of printable ASCII with a domain of DNS labels.
  package init?(_ text: String) {
    let folded = text.trimmed.lowercased()
    guard (3...Self.maxLength).contains(folded.utf8.count),
      folded.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Self.specials.contains($0) })
    else { return nil }
    let parts = folded.split(separator: "@", omittingEmptySubsequences: false)
    // RFC 5321 §4.5.3.1.1 and §4.5.3.1.2: 64 bytes before the sign, 255 behind it.
    guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
      !parts[0].hasPrefix("."), !parts[0].hasSuffix("."), !parts[0].contains(".."),
      Self.isDomain(parts[1])
    else { return nil }
    rawValue = folded
  }

  package var description: String { "(redacted)" }
  package var debugDescription: String { description }

  /// Would need quotes (RFC 5322 §3.2.3); nobody's address has them, and they confuse those who read it.
  private static let specials = Set("()<>[]:;,\\\"".utf8)

  private static func isDomain(_ text: Substring) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return !labels.isEmpty
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
          && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
      }
  }
}

extension String {
  /// Without white space at either end.
  package var trimmed: String {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
