// SPDX-License-Identifier: Apache-2.0

/// What stands between the parts of a multipart body (RFC 2046 §5.1.1).
struct MultipartBoundary: Hashable, Sendable {
  /// 1–70 characters.
  let text: String

  /// - Returns: nil unless the text is 1–70 of the characters allowed and does not end with a space.
  init?(_ text: String) {
    guard (1...70).contains(text.utf8.count), text.last != " ",
      text.utf8.allSatisfy(Self.isAllowed)
    else { return nil }
    self.text = text
  }

  /// - Parameter contentType: that of the body.
  /// - Returns: nil when it is not multipart/form-data with a boundary.
  init?(contentType: String?) {
    guard let header = contentType.flatMap({ HeaderParameters($0) }),
      header.value == "multipart/form-data", let text = header.parameters["boundary"]
    else { return nil }
    self.init(text)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "'()+_,-./:=? ".utf8.contains(byte)
    }
  }
}
