// SPDX-License-Identifier: Apache-2.0

package import CProtobufC

/// Copies Swift values to where protobuf-c's structs can point at.
extension Arena {
  /// Most bytes of an element without its characters or members: a tag, and a varint or fixed number.
  private static let elementOverhead = 5 + 10

  package mutating func string(_ text: String) -> ProtobufCBinaryData {
    let count = text.utf8.count
    guard count > 0 else { return unsafe ProtobufCBinaryData(len: 0, data: nil) }
    packedBound += count
    let data = unsafe take(count, of: UInt8.self)
    let isCopied: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
      if let start = bytes.baseAddress {
        unsafe data.initialize(from: start, count: count)
      }
    }
    if isCopied == nil {
      _ = unsafe UnsafeMutableBufferPointer(start: data, count: count).initialize(from: text.utf8)
    }
    return unsafe ProtobufCBinaryData(len: count, data: data)
  }

  package mutating func strings(
    _ texts: [String]
  ) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !texts.isEmpty else { return (0, nil) }
    packedBound += texts.count * Self.elementOverhead
    let start = unsafe take(texts.count, of: ProtobufCBinaryData.self)
    for (index, text) in texts.enumerated() {
      unsafe (start + index).initialize(to: string(text))
    }
    return unsafe (texts.count, start)
  }

  package mutating func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
    let (count, data) = unsafe copy(bytes)
    packedBound += count
    return unsafe ProtobufCBinaryData(len: count, data: data)
  }

  package mutating func byteStrings(
    _ values: [[UInt8]]
  ) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !values.isEmpty else { return (0, nil) }
    packedBound += values.count * Self.elementOverhead
    let start = unsafe take(values.count, of: ProtobufCBinaryData.self)
    for (index, value) in values.enumerated() {
      unsafe (start + index).initialize(to: bytes(value))
    }
    return unsafe (values.count, start)
  }

  package mutating func numbers<Number: BitwiseCopyable>(
    _ numbers: [Number]
  ) -> (Int, UnsafeMutablePointer<Number>?) {
    packedBound += numbers.count * Self.elementOverhead
    return unsafe copy(numbers)
  }

  private mutating func copy<Number: BitwiseCopyable>(
    _ numbers: [Number]
  ) -> (Int, UnsafeMutablePointer<Number>?) {
    guard !numbers.isEmpty else { return (0, nil) }
    let start = unsafe take(numbers.count, of: Number.self)
    unsafe numbers.withUnsafeBufferPointer { source in
      _ = unsafe UnsafeMutableBufferPointer(start: start, count: source.count)
        .initialize(fromContentsOf: source)
    }
    return unsafe (numbers.count, start)
  }

  package mutating func bools(_ values: [Bool]) -> (Int, UnsafeMutablePointer<protobuf_c_boolean>?)
  {
    unsafe numbers(values.map { $0 ? 1 : 0 })
  }

  package mutating func enumerations<Value: ProtobufEnum, C: RawRepresentable>(
    _ values: [Value]
  ) -> (Int, UnsafeMutablePointer<C>?) where C.RawValue: FixedWidthInteger, C: BitwiseCopyable {
    unsafe numbers(values.compactMap { C(rawValue: C.RawValue(truncatingIfNeeded: $0.rawValue)) })
  }

  package mutating func structure<Message: CStruct>(
    of message: Message
  ) -> UnsafeMutablePointer<Message.C> {
    let c = unsafe take(1, of: Message.C.self)
    unsafe Message.initialize(c)
    packedBound += Message.wireOverhead
    unsafe message.fill(c, &self)
    return unsafe c
  }

  package mutating func message<Message: CStruct>(
    _ message: Message?
  ) -> UnsafeMutablePointer<Message.C>? {
    guard let message else { return nil }
    return unsafe structure(of: message)
  }

  package mutating func messages<Message: CStruct>(
    _ messages: [Message]
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Message.C>?>?) {
    guard !messages.isEmpty else { return (0, nil) }
    packedBound += messages.count * Self.elementOverhead
    let start = unsafe take(messages.count, of: UnsafeMutablePointer<Message.C>?.self)
    // In place: a loop over the array would copy each message, retaining all of its strings.
    unsafe messages.withUnsafeBufferPointer { messages in
      for index in messages.indices {
        unsafe (start + index).initialize(to: structure(of: messages[index]))
      }
    }
    return unsafe (messages.count, start)
  }

  /// To C a JSON object is bytes, and a field of it may be there or not.
  package mutating func object(
    _ object: ProtoStruct?
  ) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    unsafe objects(object.map { [$0] } ?? [])
  }

  package mutating func objects(
    _ objects: [ProtoStruct]
  ) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    unsafe byteStrings(objects.map(\.wire))
  }

  /// In the order of the keys, so that equal maps have equal bytes.
  package mutating func map<Entry: CMapEntry>(
    _ values: [Entry.Key: Entry.Value], _ type: Entry.Type
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Entry.C>?>?) {
    guard !values.isEmpty else { return (0, nil) }
    let entries = values.sorted { Entry.Key.isOrdered($0.key, before: $1.key) }
    return unsafe messages(entries.map { Entry(key: $0.key, value: $0.value) })
  }
}
