// SPDX-License-Identifier: Apache-2.0

/// Bytes as the lines of a Swift multi-line string literal in which each character stands for the byte of
/// its number: names can be read in it, and the compiler takes it faster than an array.
struct LatinLiteral {
  /// Without indentation; all but the last end with the backslash that joins them.
  private(set) var lines: [String] = []

  init(_ bytes: [UInt8]) {
    let width = 80
    var line = ""
    for byte in bytes {
      line += Self.escaped(byte)
      if line.utf8.count >= width {
        lines.append("\(line)\\")
        line = ""
      }
    }
    lines.append(line)
  }

  private static func escaped(_ byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\\(Character(UnicodeScalar(byte)))"
    case 0: "\\0"
    case 0x20..<0x7F: String(UnicodeScalar(byte))
    default: "\\u{\(String(byte, radix: 16))}"
    }
  }
}
