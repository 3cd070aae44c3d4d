// SPDX-License-Identifier: Apache-2.0

/// Resolves `%41` (RFC 3986 §2.1) and, in forms, `+`.
package enum PercentDecoding {
  /// - Parameter plusIsSpace: as `application/x-www-form-urlencoded` has it; else `+` stands for itself.
  /// - Returns: nil when a `%` is not followed by two hexadecimal digits, or the result is not UTF-8 or
  ///   contains a control character.
  package static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
    guard let bytes = bytes(text, plusIsSpace: plusIsSpace),
      bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// As ``decode(_:plusIsSpace:)``, but any bytes may come of it.
  package static func bytes(_ text: Substring, plusIsSpace: Bool = false) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(Hexadecimal.value),
        let low = rest.popFirst().flatMap(Hexadecimal.value)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}
