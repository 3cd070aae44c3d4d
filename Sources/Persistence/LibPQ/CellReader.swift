// SPDX-License-Identifier: Apache-2.0
import Domain

/// Reads the binary form of one value; the bytes belong to a `PGresult` and outlive the reader, which
/// never leaves ``PostgresRow``.
@safe struct CellReader {
  private var rest: Slice<UnsafeRawBufferPointer>

  @unsafe init(_ bytes: UnsafeRawBufferPointer) {
    unsafe rest = unsafe bytes[...]
  }

  var isAtEnd: Bool { unsafe rest.isEmpty }

  mutating func integer<Value: FixedWidthInteger>(
    _: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    let width = Value.bitWidth / 8
    guard unsafe rest.count >= width else { throw .unexpected("a value is too short") }
    var value: Value = 0
    for offset in 0..<width {
      let byte = unsafe rest[rest.startIndex + offset]
      value = width == 1 ? Value(truncatingIfNeeded: byte) : value << 8 | Value(byte)
    }
    unsafe rest.removeFirst(width)
    return value
  }

  /// All that is left. The server validated the encoding (`client_encoding` is UTF8).
  mutating func text() -> String {
    defer { unsafe rest.removeFirst(rest.count) }
    return unsafe String(decoding: rest, as: UTF8.self)
  }

  mutating func bytes() -> [UInt8] {
    defer { unsafe rest.removeFirst(rest.count) }
    return unsafe Array(rest)
  }

  /// `array_send`; see ``PostgresValue``.
  mutating func array<Element: PostgresDecodable>(
    of _: Element.Type = Element.self
  ) throws(PostgresError) -> [Element] {
    let dimensions: Int32 = try integer()
    let _: Int32 = try integer()
    let elementType: UInt32 = try integer()
    guard elementType == Element.postgresType.rawValue else {
      throw .unexpected("an array of other elements")
    }
    guard dimensions != 0 else { return [] }
    guard dimensions == 1 else { throw .unexpected("an array of \(dimensions) dimensions") }
    let count: Int32 = try integer()
    let _: Int32 = try integer()
    var elements: [Element] = []
    elements.reserveCapacity(Int(min(max(count, 0), 1 << 20)))
    for _ in 0..<max(count, 0) {
      let length: Int32 = try integer()
      guard length >= 0 else { throw .unexpected("an array with a null") }
      guard unsafe rest.count >= Int(length) else { throw .unexpected("a value is too short") }
      var element = unsafe CellReader(UnsafeRawBufferPointer(rebasing: rest.prefix(Int(length))))
      elements.append(try Element(reading: &element))
      guard element.isAtEnd else { throw .unexpected("an element is too long") }
      unsafe rest.removeFirst(Int(length))
    }
    return elements
  }
}

/// A Swift type with one binary form.
protocol PostgresDecodable {
  static var postgresType: PostgresType { get }
  /// Takes as much as the value needs.
  init(reading reader: inout CellReader) throws(PostgresError)
}

extension Bool: PostgresDecodable {
  static var postgresType: PostgresType { .bool }
  init(reading reader: inout CellReader) throws(PostgresError) {
    self = try reader.integer(UInt8.self) != 0
  }
}

extension Int32: PostgresDecodable {
  static var postgresType: PostgresType { .int4 }
  init(reading reader: inout CellReader) throws(PostgresError) {
    self = try reader.integer()
  }
}

extension Int64: PostgresDecodable {
  static var postgresType: PostgresType { .int8 }
  init(reading reader: inout CellReader) throws(PostgresError) {
    self = try reader.integer()
  }
}

extension Double: PostgresDecodable {
  static var postgresType: PostgresType { .float8 }
  init(reading reader: inout CellReader) throws(PostgresError) {
    self = Double(bitPattern: try reader.integer())
  }
}

extension Timestamp: PostgresDecodable {
  static var postgresType: PostgresType { .timestamptz }
  init(reading reader: inout CellReader) throws(PostgresError) {
    self = PostgresTime.decode(try reader.integer())
  }
}

extension String: PostgresDecodable {
  static var postgresType: PostgresType { .text }
  init(reading reader: inout CellReader) throws(PostgresError) {
    self = reader.text()
  }
}

extension [UInt8]: PostgresDecodable {
  static var postgresType: PostgresType { .bytea }
  init(reading reader: inout CellReader) throws(PostgresError) {
    self = reader.bytes()
  }
}
