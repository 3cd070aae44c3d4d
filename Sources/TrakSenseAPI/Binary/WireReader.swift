// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of one message's binary form, for messages that protobuf-c does not read.
/// Source: "Encoding" of the Protocol Buffers documentation. Groups are refused, as by protobuf-c.
struct WireReader {
  /// The value of a field as the wire has it.
  enum Field {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A text, bytes or a message.
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>
  private let message: String

  /// - Parameters:
  ///   - bytes: the whole message.
  ///   - message: its name, for errors.
  init(_ bytes: ArraySlice<UInt8>, message: String) {
    rest = bytes
    self.message = message
  }

  /// The next field with its number; nil at the end.
  mutating func next() throws(ProtobufError) -> (number: UInt32, Field)? {
    guard !rest.isEmpty else { return nil }
    let tag = try varint()
    guard let number = UInt32(exactly: tag >> 3), number > 0, number < 1 << 29 else {
      throw malformed
    }
    switch tag & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed64(try fixed(8)))
    case 2:
      let count = try varint()
      guard count <= UInt64(rest.count) else { throw malformed }
      return (number, .bytes(try take(Int(count))))
    case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw malformed
    }
  }

  /// - Throws: when it is not UTF-8.
  static func string(
    _ bytes: ArraySlice<UInt8>, field: String
  ) throws(ProtobufError) -> String {
    do throws(UTF8.ValidationError) {
      return String(copying: try UTF8Span(validating: bytes.span))
    } catch {
      throw ProtobufError.invalidUTF8(field: field)
    }
  }

  private var malformed: ProtobufError { .malformed(message: message) }

  /// 1–10 bytes of 7 bits, the lowest first; what is beyond 64 bits is cut.
  private mutating func varint() throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { throw malformed }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw malformed
  }

  private mutating func fixed(_ width: Int) throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    for byte in try take(width).reversed() { value = value << 8 | UInt64(byte) }
    return value
  }

  private mutating func take(_ count: Int) throws(ProtobufError) -> ArraySlice<UInt8> {
    guard rest.count >= count else { throw malformed }
    let taken = rest.prefix(count)
    rest = rest.dropFirst(count)
    return taken
  }
}
