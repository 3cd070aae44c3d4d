// SPDX-License-Identifier: Apache-2.0

/// A tenant's public name: what topics, metadata and hosts carry.
///
/// 1–63 characters of `a–z`, `0–9` and `-`, neither starting nor ending with `-`, so that it is also a
/// valid DNS label (RFC 1123 §2.1). Upper-case input is folded, as host names are.
package struct TenantSlug: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  /// - Returns: nil when `text` is not such a name.
  package init?(_ text: some StringProtocol) {
    let folded = text.lowercased()
    let bytes = folded.utf8
    guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
      bytes.last != UInt8(ascii: "-"), bytes.allSatisfy(Self.isAllowed)
    else { return nil }
    rawValue = folded
  }

  package var description: String { rawValue }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
