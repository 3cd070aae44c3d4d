// SPDX-License-Identifier: Apache-2.0
import ByteText
import Domain

/// People's words in header fields.
enum HeaderText {
  /// Longest text that stands as it is: with the field's name, a line stays within the 78 characters of
  /// RFC 5322 §2.1.1.
  private static let plainLength = 60
  /// UTF-8 bytes in one encoded word: 52 characters of base64 and 12 around them keep a field's first line
  /// within the 76 of RFC 2047 §2.
  private static let wordBytes = 39

  /// An unstructured field's body (RFC 5322 §3.2.5), as encoded words where it is not short ASCII.
  static func unstructured(_ text: String) throws(MailError) -> String {
    try check(text)
    return isPlain(text) ? text : encodedWords(text)
  }

  /// A display name: a quoted string (RFC 5322 §3.2.4), or encoded words where it is not short ASCII.
  static func phrase(_ text: String) throws(MailError) -> String {
    try check(text)
    guard isPlain(text) else { return encodedWords(text) }
    let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
    return "\"\(String(escaped))\""
  }

  /// A line end in a header would begin another header, or the body.
  private static func check(_ text: String) throws(MailError) {
    let isControl = { (scalar: Unicode.Scalar) in
      // C0, DEL and C1; LINE and PARAGRAPH SEPARATOR.
      scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
        || scalar.value == 0x2028 || scalar.value == 0x2029
    }
    if text.unicodeScalars.contains(where: isControl) {
      throw .permanent("a header with a line break or another control character")
    }
  }

  private static func isPlain(_ text: String) -> Bool {
    let bytes = text.utf8
    return bytes.count <= plainLength && bytes.allSatisfy { (0x20...0x7e).contains($0) }
      && bytes.first != 0x20 && bytes.last != 0x20 && !text.contains("=?")
  }

  /// RFC 2047 §2, encoding B; no character is cut (§5), and each word after the first has a folded line of
  /// its own: white space between encoded words is not part of the text.
  private static func encodedWords(_ text: String) -> String {
    var words: [[UInt8]] = [[]]
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if words[words.count - 1].count + bytes.count > wordBytes { words.append([]) }
      words[words.count - 1] += bytes
    }
    return words.map { "=?UTF-8?B?\(Base64.text($0))?=" }
      .joined(separator: "\r\n ")
  }
}
