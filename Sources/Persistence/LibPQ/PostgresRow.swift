// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL
package import Domain

/// One row of an answer, lent to the closure that reads it. Columns count from 0; each accessor checks
/// the column's type, so that a statement that changed without its reader fails loudly.
@safe package struct PostgresRow: ~Copyable {
  private let result: OpaquePointer
  private let index: Int32

  @unsafe init(result: OpaquePointer, index: Int32) {
    unsafe self.result = result
    self.index = index
  }

  package func bool(_ column: Int) throws(PostgresError) -> Bool {
    try required(column, optional(column))
  }

  package func int4(_ column: Int) throws(PostgresError) -> Int32 {
    try required(column, optional(column))
  }

  package func int8(_ column: Int) throws(PostgresError) -> Int64 {
    try required(column, optional(column))
  }

  package func float8(_ column: Int) throws(PostgresError) -> Double {
    try required(column, optional(column))
  }

  package func timestamptz(_ column: Int) throws(PostgresError) -> Timestamp {
    try required(column, optional(column))
  }

  /// `text` or `varchar`; a `name` must be cast to `text` by the statement.
  package func text(_ column: Int) throws(PostgresError) -> String {
    try required(column, optional(column))
  }

  package func bytea(_ column: Int) throws(PostgresError) -> [UInt8] {
    try required(column, optional(column))
  }

  package func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
    try optional(column)
  }

  package func optionalInt8(_ column: Int) throws(PostgresError) -> Int64? {
    try optional(column)
  }

  package func optionalFloat8(_ column: Int) throws(PostgresError) -> Double? {
    try optional(column)
  }

  package func optionalText(_ column: Int) throws(PostgresError) -> String? {
    try optional(column)
  }

  package func optionalTimestamptz(_ column: Int) throws(PostgresError) -> Timestamp? {
    try optional(column)
  }

  package func int4Array(_ column: Int) throws(PostgresError) -> [Int32] {
    try array(column, .int4Array)
  }

  package func int8Array(_ column: Int) throws(PostgresError) -> [Int64] {
    try array(column, .int8Array)
  }

  package func float8Array(_ column: Int) throws(PostgresError) -> [Double] {
    try array(column, .float8Array)
  }

  package func timestamptzArray(_ column: Int) throws(PostgresError) -> [Timestamp] {
    try array(column, .timestamptzArray)
  }

  package func textArray(_ column: Int) throws(PostgresError) -> [String] {
    try array(column, .textArray)
  }

  package func byteaArray(_ column: Int) throws(PostgresError) -> [[UInt8]] {
    try array(column, .byteaArray)
  }

  // MARK: Cells

  private func required<Value>(_ column: Int, _ value: Value?) throws(PostgresError) -> Value {
    guard let value else { throw .unexpected("column \(column) is null") }
    return value
  }

  private func optional<Value: PostgresDecodable>(
    _ column: Int
  ) throws(PostgresError) -> Value? {
    guard var reader = try cell(column, Value.postgresType) else { return nil }
    let value = try Value(reading: &reader)
    guard reader.isAtEnd else { throw .unexpected("column \(column) is too long") }
    return value
  }

  private func array<Element: PostgresDecodable>(
    _ column: Int, _ type: PostgresType
  ) throws(PostgresError) -> [Element] {
    guard var reader = try cell(column, type) else {
      throw .unexpected("column \(column) is null")
    }
    let elements: [Element] = try reader.array()
    guard reader.isAtEnd else { throw .unexpected("column \(column) is too long") }
    return elements
  }

  /// - Returns: nil for a null.
  private func cell(_ column: Int, _ type: PostgresType) throws(PostgresError) -> CellReader? {
    let number = Int32(clamping: column)
    guard unsafe number >= 0 && number < PQnfields(result) else {
      throw .unexpected("there is no column \(column)")
    }
    let actual = unsafe PQftype(result, number)
    let isOfType =
      actual == type.rawValue || (type == .text && actual == PostgresType.varchar.rawValue)
    guard unsafe isOfType && PQfformat(result, number) == 1 else {
      throw .unexpected("column \(column) has type \(actual), not \(type)")
    }
    guard unsafe PQgetisnull(result, index, number) == 0,
      let start = unsafe PQgetvalue(result, index, number)
    else { return nil }
    let count = Int(unsafe PQgetlength(result, index, number))
    return unsafe CellReader(UnsafeRawBufferPointer(start: start, count: count))
  }
}
