// SPDX-License-Identifier: Apache-2.0

package import CProtobufC

/// Copies the members of protobuf-c's structs into Swift values.
package enum CField {
  /// A string. All of its bytes are kept, U+0000 included.
  /// - Throws: when it is not UTF-8; proto3 demands that parsers refuse that.
  package static func string(
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

  package static func strings(
    _ count: Int, _ c: UnsafeMutablePointer<ProtobufCBinaryData>?, _ field: StaticString
  ) throws(ProtobufError) -> [String] {
    var texts: [String] = []
    guard let c = unsafe c else { return texts }
    texts.reserveCapacity(count)
    for index in 0..<count { texts.append(try unsafe string(c[index], field)) }
    return texts
  }

  package static func bytes(_ c: ProtobufCBinaryData) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: c.data, count: c.data == nil ? 0 : c.len))
  }

  package static func byteStrings(
    _ count: Int, _ c: UnsafeMutablePointer<ProtobufCBinaryData>?
  ) -> [[UInt8]] {
    unsafe UnsafeBufferPointer(start: c, count: count).map { unsafe bytes($0) }
  }

  package static func numbers<Number: BitwiseCopyable>(
    _ count: Int, _ c: UnsafeMutablePointer<Number>?
  ) -> [Number] {
    unsafe Array(UnsafeBufferPointer(start: c, count: count))
  }

  package static func bools(_ count: Int, _ c: UnsafeMutablePointer<protobuf_c_boolean>?) -> [Bool]
  {
    unsafe UnsafeBufferPointer(start: c, count: count).map { $0 != 0 }
  }

  package static func enumerations<Value: ProtobufEnum, C: RawRepresentable>(
    _ count: Int, _ c: UnsafeMutablePointer<C>?
  ) -> [Value] where C.RawValue: FixedWidthInteger {
    unsafe UnsafeBufferPointer(start: c, count: count).map {
      Value(rawValue: Int32(truncatingIfNeeded: $0.rawValue))
    }
  }

  package static func message<Message: CStruct>(
    _ c: UnsafeMutablePointer<Message.C>?
  ) throws(ProtobufError) -> Message? {
    guard let c = unsafe c else { return nil }
    return try unsafe Message(decoding: UnsafePointer(c))
  }

  package static func messages<Message: CStruct>(
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

  /// A JSON object, which is bytes to C; those of a field that was sent in parts are joined.
  package static func object(
    _ count: Int, _ c: UnsafeMutablePointer<ProtobufCBinaryData>?
  ) throws(ProtobufError) -> ProtoStruct? {
    guard let c = unsafe c, count > 0 else { return nil }
    var object = ProtoStruct()
    for index in 0..<count { try unsafe object.merge(wire: bytes(c[index])) }
    return object
  }

  package static func objects(
    _ count: Int, _ c: UnsafeMutablePointer<ProtobufCBinaryData>?
  ) throws(ProtobufError) -> [ProtoStruct] {
    var objects: [ProtoStruct] = []
    guard let c = unsafe c else { return objects }
    for index in 0..<count { objects.append(try unsafe ProtoStruct(wire: bytes(c[index]))) }
    return objects
  }

  /// The pairs of a map; of equal keys the last counts.
  package static func map<Entry: CMapEntry>(
    _ count: Int, _ c: UnsafeMutablePointer<UnsafeMutablePointer<Entry.C>?>?, _ type: Entry.Type
  ) throws(ProtobufError) -> [Entry.Key: Entry.Value] {
    var values: [Entry.Key: Entry.Value] = [:]
    guard let c = unsafe c else { return values }
    for index in 0..<count {
      guard let element = unsafe c[index] else { continue }
      let entry = try unsafe Entry(decoding: UnsafePointer(element))
      values[entry.key] = entry.value
    }
    return values
  }
}
