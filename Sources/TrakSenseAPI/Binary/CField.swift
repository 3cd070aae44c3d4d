// SPDX-License-Identifier: Apache-2.0

import CProtobufC

/// Copies the members of protobuf-c's structs into Swift values.
enum CField {
  /// A string. All of its bytes are kept, U+0000 included.
  /// - Throws: when it is not UTF-8; proto3 demands that parsers refuse that.
  static func string(
    _ c: ProtobufCBinaryData, _ field: StaticString
  ) throws(ProtobufError) -> String {
    guard let data = unsafe c.data else { return "" }
    do throws(UTF8.ValidationError) {
      return String(
        copying: try UTF8Span(validating: unsafe Span(_unsafeStart: data, count: c.len)))
    } catch {
      throw ProtobufError.invalidUTF8(field: "\(field)")
    }
  }

  static func strings(
    _ count: Int, _ c: UnsafeMutablePointer<ProtobufCBinaryData>?, _ field: StaticString
  ) throws(ProtobufError) -> [String] {
    var texts: [String] = []
    guard let c = unsafe c else { return texts }
    texts.reserveCapacity(count)
    for index in 0..<count { texts.append(try unsafe string(c[index], field)) }
    return texts
  }

  static func numbers<Number: BitwiseCopyable>(
    _ count: Int, _ c: UnsafeMutablePointer<Number>?
  ) -> [Number] {
    unsafe Array(UnsafeBufferPointer(start: c, count: count))
  }

  static func bools(_ count: Int, _ c: UnsafeMutablePointer<protobuf_c_boolean>?) -> [Bool] {
    unsafe UnsafeBufferPointer(start: c, count: count).map { $0 != 0 }
  }

  static func enumerations<Value: ProtobufEnum, C: RawRepresentable>(
    _ count: Int, _ c: UnsafeMutablePointer<C>?
  ) -> [Value] where C.RawValue: FixedWidthInteger {
    unsafe UnsafeBufferPointer(start: c, count: count).map {
      Value(rawValue: Int32(truncatingIfNeeded: $0.rawValue))
    }
  }

  static func message<Message: CMessage>(
    _ c: UnsafeMutablePointer<Message.C>?
  ) throws(ProtobufError) -> Message? {
    guard let c = unsafe c else { return nil }
    return try unsafe Message(decoding: UnsafePointer(c))
  }

  static func messages<Message: CMessage>(
    _ count: Int, _ c: UnsafeMutablePointer<UnsafeMutablePointer<Message.C>?>?
  ) throws(ProtobufError) -> [Message] {
    var messages: [Message] = []
    guard let c = unsafe c else { return messages }
    messages.reserveCapacity(count)
    for index in 0..<count {
      guard let element = unsafe c[index] else { continue }
      messages.append(try unsafe Message(decoding: UnsafePointer(element)))
    }
    return messages
  }
}
