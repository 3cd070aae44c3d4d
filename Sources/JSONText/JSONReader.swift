// SPDX-License-Identifier: Apache-2.0

/// A strict pull parser for one JSON text (RFC 8259): the caller asks for what it expects, value by value,
/// and no tree is built.
///
/// ```
/// var json = JSONReader(bytes)
/// try json.beginObject()
/// while let key = try json.nextKey() {
///   switch key {
///   case "value": value = try json.readDouble()
///   default: try json.skipValue()
///   }
/// }
/// try json.end()
/// ```
///
/// After ``nextKey()`` returned a key, and after ``nextElement()`` returned true, exactly one value must be
/// read or skipped. Members with equal names are all delivered. A reader that threw is of no further use.
/// Nothing recurses; the only allocations are the stack of open containers and the strings returned.
package struct JSONReader: Sendable {
  /// The text.
  let bytes: [UInt8]
  /// The next byte to look at.
  package internal(set) var offset = 0
  private var open: [Container] = []
  private let maximumDepth: Int

  private enum Container {
    case emptyArray
    case array
    case emptyObject
    case object
  }

  /// - Parameters:
  ///   - bytes: the text, UTF-8, without byte order mark.
  ///   - maximumDepth: how many containers may be open inside each other. Default 64: far more than any
  ///     message needs.
  package init(_ bytes: [UInt8], maximumDepth: Int = 64) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  /// How many containers are open.
  package var depth: Int { open.count }

  /// Tells what the next value is without reading it.
  package mutating func peek() throws(JSONError) -> JSONKind {
    switch try nextByte() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    default: throw JSONError(.unexpectedByte(expected: "a value"), at: offset)
    }
  }

  /// Enters an object.
  package mutating func beginObject() throws(JSONError) {
    try expect(.object)
    try push(.emptyObject)
  }

  /// The name of the next member; nil when the object ended, which is then left.
  package mutating func nextKey() throws(JSONError) -> JSONKey? {
    switch (try nextByte(), open.last) {
    case (UInt8(ascii: "}"), .emptyObject), (UInt8(ascii: "}"), .object):
      offset += 1
      open.removeLast()
      return nil
    case (_, .emptyObject):
      open[open.count - 1] = .object
    case (UInt8(ascii: ","), .object):
      offset += 1
    case (_, .object):
      throw JSONError(.unexpectedByte(expected: "',' or '}'"), at: offset)
    default:
      throw JSONError(.unexpectedByte(expected: "an object"), at: offset)
    }
    guard try nextByte() == UInt8(ascii: "\"") else {
      throw JSONError(.unexpectedByte(expected: "a member name"), at: offset)
    }
    let start = offset
    let name = try scanString()
    guard try nextByte() == UInt8(ascii: ":") else {
      throw JSONError(.unexpectedByte(expected: "':'"), at: offset)
    }
    offset += 1
    return JSONKey(utf8: name, offset: start)
  }

  /// Enters an array.
  package mutating func beginArray() throws(JSONError) {
    try expect(.array)
    try push(.emptyArray)
  }

  /// Whether the array has a further element; when not, it is left.
  package mutating func nextElement() throws(JSONError) -> Bool {
    switch (try nextByte(), open.last) {
    case (UInt8(ascii: "]"), .emptyArray), (UInt8(ascii: "]"), .array):
      offset += 1
      open.removeLast()
      return false
    case (_, .emptyArray):
      open[open.count - 1] = .array
      return true
    case (UInt8(ascii: ","), .array):
      offset += 1
      return true
    case (_, .array):
      throw JSONError(.unexpectedByte(expected: "',' or ']'"), at: offset)
    default:
      throw JSONError(.unexpectedByte(expected: "an array"), at: offset)
    }
  }

  /// Reads `true` or `false`.
  package mutating func readBool() throws(JSONError) -> Bool {
    try expect(.bool)
    let value = bytes[offset] == UInt8(ascii: "t")
    try readLiteral(value ? "true" : "false")
    return value
  }

  /// Reads `null`.
  package mutating func readNull() throws(JSONError) {
    try expect(.null)
    try readLiteral("null")
  }

  /// Reads past one value of any kind, checking it as strictly as if it were wanted.
  package mutating func skipValue() throws(JSONError) {
    let outer = open.count
    repeat {
      switch try peek() {
      case .object: try beginObject()
      case .array: try beginArray()
      case .string: _ = try scanString()
      case .number: _ = try scanNumber()
      case .bool: _ = try readBool()
      case .null: try readNull()
      }
      while open.count > outer, try !nextInInnermost() {}
    } while open.count > outer
  }

  /// Makes sure that nothing but white space is left.
  package mutating func end() throws(JSONError) {
    skipWhitespace()
    guard offset == bytes.count else { throw JSONError(.trailingBytes, at: offset) }
  }

  /// Advances to the next value of the innermost container; false when the container ended.
  private mutating func nextInInnermost() throws(JSONError) -> Bool {
    switch open.last {
    case .emptyObject, .object: try nextKey() != nil
    case .emptyArray, .array, nil: try nextElement()
    }
  }

  /// Makes sure that a value of this kind comes next; leaves `offset` at its first byte.
  mutating func expect(_ kind: JSONKind) throws(JSONError) {
    let found = try peek()
    guard found == kind else {
      throw JSONError(.typeMismatch(expected: kind, found: found), at: offset)
    }
  }

  private mutating func push(_ container: Container) throws(JSONError) {
    guard open.count < maximumDepth else { throw JSONError(.tooDeep, at: offset) }
    offset += 1
    open.append(container)
  }

  private mutating func readLiteral(_ literal: StaticString) throws(JSONError) {
    let end = offset + literal.utf8CodeUnitCount
    guard end <= bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    guard JSONKey(utf8: bytes[offset..<end], offset: offset) == literal else {
      throw JSONError(.unexpectedByte(expected: "\(literal)"), at: offset)
    }
    offset = end
  }

  private mutating func nextByte() throws(JSONError) -> UInt8 {
    skipWhitespace()
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
    return bytes[offset]
  }

  private mutating func skipWhitespace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        offset += 1
      default: return
      }
    }
  }
}
