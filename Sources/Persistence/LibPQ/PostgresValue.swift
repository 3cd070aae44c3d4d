// SPDX-License-Identifier: Apache-2.0
package import Domain

/// A parameter of a statement. Arrays have one dimension and no nulls.
package enum PostgresValue: Hashable, Sendable {
  case null(PostgresType)
  case bool(Bool)
  case int4(Int32)
  case int8(Int64)
  case float8(Double)
  /// PostgreSQL's text cannot hold U+0000: it is sent as U+FFFD, so that hostile input is neither lost
  /// nor able to fail a whole batch.
  case text(String)
  case bytea([UInt8])
  /// Instants that PostgreSQL cannot represent (before 4713 BC, after the year 294276) become its
  /// `-infinity` and `infinity`.
  case timestamptz(Timestamp)
  case int4Array([Int32])
  case int8Array([Int64])
  case float8Array([Double])
  case timestamptzArray([Timestamp])
  case textArray([String])
  case byteaArray([[UInt8]])

  /// A text or a null.
  static func optional(_ text: String?) -> PostgresValue { text.map { .text($0) } ?? .null(.text) }

  /// A key or a null.
  static func optional(_ number: Int64?) -> PostgresValue {
    number.map { .int8($0) } ?? .null(.int8)
  }

  /// An instant or a null.
  static func optional(_ timestamp: Timestamp?) -> PostgresValue {
    timestamp.map { .timestamptz($0) } ?? .null(.timestamptz)
  }

  var type: PostgresType {
    switch self {
    case .null(let type): type
    case .bool: .bool
    case .int4: .int4
    case .int8: .int8
    case .float8: .float8
    case .text: .text
    case .bytea: .bytea
    case .timestamptz: .timestamptz
    case .int4Array: .int4Array
    case .int8Array: .int8Array
    case .float8Array: .float8Array
    case .timestamptzArray: .timestamptzArray
    case .textArray: .textArray
    case .byteaArray: .byteaArray
    }
  }

  /// Appends the binary form (PostgreSQL's `*send` functions).
  /// - Returns: false for a null, which has none.
  func encode(into bytes: inout [UInt8]) -> Bool {
    switch self {
    case .null: return false
    case .bool(let value): bytes.append(value ? 1 : 0)
    case .int4(let value): bytes.appendBigEndian(value)
    case .int8(let value): bytes.appendBigEndian(value)
    case .float8(let value): bytes.appendBigEndian(value.bitPattern)
    case .text(let value): bytes.appendText(value)
    case .bytea(let value): bytes.append(contentsOf: value)
    case .timestamptz(let value): bytes.appendBigEndian(PostgresTime.encode(value))
    case .int4Array(let values):
      bytes.appendArray(values, of: .int4) { $0.appendBigEndian($1) }
    case .int8Array(let values):
      bytes.appendArray(values, of: .int8) { $0.appendBigEndian($1) }
    case .float8Array(let values):
      bytes.appendArray(values, of: .float8) { $0.appendBigEndian($1.bitPattern) }
    case .timestamptzArray(let values):
      bytes.appendArray(values, of: .timestamptz) { $0.appendBigEndian(PostgresTime.encode($1)) }
    case .textArray(let values):
      bytes.appendArray(values, of: .text) { $0.appendText($1) }
    case .byteaArray(let values):
      bytes.appendArray(values, of: .bytea) { $0.append(contentsOf: $1) }
    }
    return true
  }
}

/// `timestamptz` on the wire: microseconds since 2000-01-01T00:00:00Z, and two infinities.
enum PostgresTime {
  private static let epochOffset: Int64 = 946_684_800_000_000
  /// 4713-01-01 BC (Julian), first instant; `MIN_TIMESTAMP` of datatype/timestamp.h.
  private static let first: Int64 = -211_813_488_000_000_000
  /// 294277-01-01, first instant beyond; `END_TIMESTAMP`.
  private static let end: Int64 = 9_223_371_331_200_000_000

  static func encode(_ timestamp: Timestamp) -> Int64 {
    let (value, overflow) = timestamp.microseconds.subtractingReportingOverflow(epochOffset)
    if overflow || value < first { return .min }
    return value >= end ? .max : value
  }

  static func decode(_ value: Int64) -> Timestamp {
    if value == .min || value == .max { return Timestamp(microseconds: value) }
    let (sum, overflow) = value.addingReportingOverflow(epochOffset)
    return Timestamp(microseconds: overflow ? .max : sum)
  }
}

extension [UInt8] {
  fileprivate mutating func appendBigEndian(_ value: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
  }

  fileprivate mutating func appendText(_ text: String) {
    for byte in text.utf8 {
      if byte == 0 {
        append(contentsOf: "\u{FFFD}".utf8)
      } else {
        append(byte)
      }
    }
  }

  /// `array_send`: dimensions, has-nulls flag, element type; per dimension length and lower bound; per
  /// element length and bytes. An empty array has no dimension.
  fileprivate mutating func appendArray<Item>(
    _ elements: [Item], of type: PostgresType, append: (inout [UInt8], Item) -> Void
  ) {
    appendBigEndian(Int32(elements.isEmpty ? 0 : 1))
    appendBigEndian(Int32(0))
    appendBigEndian(type.rawValue)
    guard !elements.isEmpty else { return }
    appendBigEndian(Int32(clamping: elements.count))
    appendBigEndian(Int32(1))
    reserveCapacity(count + elements.count * 12)
    for element in elements {
      let start = count
      appendBigEndian(Int32(0))
      append(&self, element)
      let length = UInt32(count - start - 4)
      for offset in 0..<4 {
        self[start + offset] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * offset))
      }
    }
  }
}
