// SPDX-License-Identifier: Apache-2.0

/// The name of a stored object: `avatars/7d44…c1.png`.
///
/// 1–200 characters of `a–z`, `0–9`, `.`, `_`, `-`, and `/` between parts that are neither empty nor `.` nor hold `..`:
/// the same in a URL, in a signature and in a file system.
package struct ObjectKey: Hashable, Sendable, CustomStringConvertible {
  package static let maxLength = 200

  package let rawValue: String

  /// - Returns: nil when `text` is no such name.
  package init?(_ text: some StringProtocol) {
    guard (1...Self.maxLength).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed),
      !text.contains(".."),
      text.split(separator: "/", omittingEmptySubsequences: false)
        .allSatisfy({ !$0.isEmpty && $0 != "." })
    else { return nil }
    rawValue = String(text)
  }

  package var description: String { rawValue }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
