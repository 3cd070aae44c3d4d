// SPDX-License-Identifier: Apache-2.0

/// Writes JSON without white space, value by value, behind bytes that are already there. Commas and colons
/// are its business; that begins and ends match is the caller's.
package struct JSONWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8]
  /// How many containers are open, those of an enclosing writer included.
  package private(set) var depth: Int
  private var needsComma = false

  /// - Parameters:
  ///   - bytes: what to write behind.
  ///   - depth: how many containers are open around what is written.
  package init(appendingTo bytes: consuming [UInt8] = [], depth: Int = 0) {
    self.bytes = bytes
    self.depth = depth
  }

  /// Starts an object.
  package mutating func beginObject() { open(UInt8(ascii: "{")) }

  /// Ends the innermost object.
  package mutating func endObject() { close(UInt8(ascii: "}")) }

  /// Starts an array.
  package mutating func beginArray() { open(UInt8(ascii: "[")) }

  /// Ends the innermost array.
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  /// Writes a member's name.
  /// - Parameter name: copied as it is: ASCII without quotes, backslashes and controls.
  package mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a member's name, escaped.
  @_disfavoredOverload
  package mutating func key(_ name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a string, escaped.
  package mutating func string(_ text: some StringProtocol) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    let isContiguous: Void? = text.utf8.withContiguousStorageIfAvailable { utf8 in
      unsafe appendEscaped(utf8)
    }
    if isContiguous == nil { for byte in text.utf8 { appendEscaped(byte) } }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Writes the shortest number that reads back as the same `Double`; NaN and infinities as the strings
  /// that the proto3 JSON mapping uses: `"NaN"`, `"Infinity"`, `"-Infinity"`.
  package mutating func double(_ value: Double) {
    guard value.isFinite else {
      return string(value.isNaN ? "NaN" : (value < 0 ? "-Infinity" : "Infinity"))
    }
    separate()
    append(value.description)
    needsComma = true
  }

  /// As ``double(_:)``, shortest for a `Float`.
  package mutating func float(_ value: Float) {
    guard value.isFinite else { return double(Double(value)) }
    separate()
    append(value.description)
    needsComma = true
  }

  /// Writes an integer.
  package mutating func integer(_ value: some FixedWidthInteger) {
    separate()
    appendDecimal(value)
    needsComma = true
  }

  /// Writes an integer as a string, as the proto3 JSON mapping wants 64-bit ones.
  package mutating func quotedInteger(_ value: some FixedWidthInteger) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    appendDecimal(value)
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Writes `true` or `false`.
  package mutating func bool(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
    needsComma = true
  }

  /// Writes `null`.
  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
    needsComma = true
  }

  /// Writes a value that is JSON already.
  package mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
    needsComma = true
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    depth += 1
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    depth -= 1
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  /// Appends ASCII as it is.
  private mutating func append(_ text: String) {
    let isContiguous: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { utf8 in
      unsafe bytes.append(contentsOf: utf8)
    }
    if isContiguous == nil { bytes.append(contentsOf: text.utf8) }
  }

  private mutating func appendDecimal(_ value: some FixedWidthInteger) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    var rest = value.magnitude
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      bytes.append(UInt8(ascii: "0") + UInt8(digit))
      rest = quotient
    } while rest > 0
    bytes[start...].reverse()
  }

  /// Copies what needs no escape in runs: text rarely needs any.
  private mutating func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>) {
    var runStart = 0
    for index in 0..<utf8.count {
      let byte = unsafe utf8[index]
      if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != 0x7F {
        continue
      }
      unsafe bytes.append(contentsOf: utf8[runStart..<index])
      appendEscaped(byte)
      runStart = index + 1
    }
    unsafe bytes.append(contentsOf: utf8[runStart...])
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0x08: bytes.append(contentsOf: "\\b".utf8)
    case 0x09: bytes.append(contentsOf: "\\t".utf8)
    case 0x0A: bytes.append(contentsOf: "\\n".utf8)
    case 0x0C: bytes.append(contentsOf: "\\f".utf8)
    case 0x0D: bytes.append(contentsOf: "\\r".utf8)
    case 0..<0x20, 0x7F:
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(Self.hexDigit(byte >> 4))
      bytes.append(Self.hexDigit(byte & 0x0F))
    default: bytes.append(byte)
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
