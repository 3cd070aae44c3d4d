// SPDX-License-Identifier: Apache-2.0

/// `NaN` and its kin, which Python's and JavaScript's habits put into texts that are JSON otherwise.
enum NonFiniteLiterals {
  static let all: Set<String> = ["NaN", "Infinity", "-Infinity"]

  private static let spellings = [
    Array("NaN".utf8), Array("Infinity".utf8), Array("-Infinity".utf8),
  ]

  /// Puts such literals between quotation marks, where a reader can pass over them.
  /// - Returns: nil when there is none outside strings.
  static func quoted(in text: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var copied = 0
    var position = 0
    var isInString = false
    while position < text.count {
      let byte = text[position]
      if isInString {
        if byte == UInt8(ascii: "\\") { position += 1 }
        if byte == UInt8(ascii: "\"") { isInString = false }
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      } else if let spelling = spellings.first(where: { text[position...].starts(with: $0) }) {
        result.append(contentsOf: text[copied..<position])
        result.append(UInt8(ascii: "\""))
        result.append(contentsOf: spelling)
        result.append(UInt8(ascii: "\""))
        position += spelling.count
        copied = position
        continue
      }
      position += 1
    }
    guard copied > 0 else { return nil }
    result.append(contentsOf: text[copied...])
    return result
  }
}
