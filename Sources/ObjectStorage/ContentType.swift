// SPDX-License-Identifier: Apache-2.0
import Domain

/// Holds content types to what every store can keep: one line of printable ASCII.
enum ContentType {
  static let maxLength = 100

  static func check(_ text: String) throws(ObjectStoreError) {
    guard (1...maxLength).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
    else { throw .permanent("a content type that is not 1–\(maxLength) characters of ASCII") }
  }
}
