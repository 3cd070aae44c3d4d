// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
  /// Reads a string, escapes resolved. It may contain U+0000.
  package mutating func readString() throws(JSONError) -> String {
    String(decoding: try readStringUTF8(), as: UTF8.self)
  }

  /// Reads a string as valid UTF-8; a view of the text unless it contains escapes.
  package mutating func readStringUTF8() throws(JSONError) -> ArraySlice<UInt8> {
    try expect(.string)
    return try scanString()
  }

  /// Reads a string whose opening quote is at `offset`.
  mutating func scanString() throws(JSONError) -> ArraySlice<UInt8> {
    offset += 1
    let start = offset
    var highBits: UInt8 = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\""):
        if highBits >= 0x80 { try validate(start..<offset) }
        offset += 1
        return bytes[start..<(offset - 1)]
      case UInt8(ascii: "\\"):
        return try scanEscapedString(from: start)[...]
      case 0..<0x20:
        throw JSONError(.controlCharacter, at: offset)
      default:
        highBits |= byte
        offset += 1
      }
    }
    throw JSONError(.unexpectedEnd, at: offset)
  }

  /// The slow way, from the first backslash on.
  private mutating func scanEscapedString(from start: Int) throws(JSONError) -> [UInt8] {
    var text: [UInt8] = []
    var runStart = start
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        try validate(runStart..<offset)
        text.append(contentsOf: bytes[runStart..<offset])
        offset += 1
        return text
      case UInt8(ascii: "\\"):
        // A run ends only at ASCII bytes, so that valid text is valid run by run.
        try validate(runStart..<offset)
        text.append(contentsOf: bytes[runStart..<offset])
        offset += 1
        try appendEscape(to: &text)
        runStart = offset
      case 0..<0x20:
        throw JSONError(.controlCharacter, at: offset)
      default:
        offset += 1
      }
    }
    throw JSONError(.unexpectedEnd, at: offset)
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(JSONError) {
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
    let escape = bytes[offset]
    offset += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: String(try readEscapedScalar()).utf8)
    default: throw JSONError(.invalidEscape, at: offset - 2)
    }
  }

  /// Reads what follows `\u`, including the second half of a surrogate pair.
  private mutating func readEscapedScalar() throws(JSONError) -> Unicode.Scalar {
    let start = offset - 2
    let first = try readHexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    else { throw JSONError(.loneSurrogate, at: start) }
    offset += 2
    let second = try readHexDigits()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw JSONError(.loneSurrogate, at: start) }
    return scalar
  }

  private mutating func readHexDigits() throws(JSONError) -> UInt32 {
    guard offset + 4 <= bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[offset]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw JSONError(.invalidEscape, at: offset)
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  private func validate(_ range: Range<Int>) throws(JSONError) {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.span.extracting(range))
    } catch {
      throw JSONError(.invalidUTF8, at: range.lowerBound + error.byteOffsets.lowerBound)
    }
  }
}
