// SPDX-License-Identifier: Apache-2.0

/// RFC 2045 §6.7, for text whose lines end in CRLF.
enum QuotedPrintable {
  /// Characters in a line, the `=` of a soft line break included (rule 5).
  private static let lineLength = 76
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func encode(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count + text.count / 8)
    var column = 0
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte == 0x0d, index + 1 < text.count, text[index + 1] == 0x0a {
        output += [0x0d, 0x0a]
        column = 0
        index += 2
        continue
      }
      // Rule 3: white space at the end of a line would be lost on the way.
      let isLast = index + 1 == text.count || text[index + 1] == 0x0d
      let unit =
        isLiteral(byte) || isSpace(byte) && !isLast
        ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      if column + unit.count > lineLength - 1 {
        output += [UInt8(ascii: "="), 0x0d, 0x0a]
        column = 0
      }
      output += unit
      column += unit.count
      index += 1
    }
    return output
  }

  /// Whether the byte takes three characters anywhere in a line.
  static func isEscaped(_ byte: UInt8) -> Bool {
    !isLiteral(byte) && !isSpace(byte) && byte != 0x0d && byte != 0x0a
  }

  private static func isLiteral(_ byte: UInt8) -> Bool {
    (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "=")
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
