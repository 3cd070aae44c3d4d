// SPDX-License-Identifier: Apache-2.0
import Domain

/// The columns that a change names, with their new values.
struct ColumnValues: Sendable {
  private var columns: [(name: String, value: PostgresValue, cast: String)] = []

  var isEmpty: Bool { columns.isEmpty }

  /// - Parameters:
  ///   - value: nil: the column is not named.
  ///   - type: what a text is cast to where it is not meant as a text.
  mutating func set(_ name: String, _ value: PostgresValue?, as type: String = "") {
    guard let value else { return }
    columns.append((name, value, type.isEmpty ? "" : "::\(type)"))
  }

  mutating func set(_ name: String, text: String?) { set(name, text.map { .text($0) }) }

  mutating func set(_ name: String, json: JSONObjectText?) {
    set(name, json.map { .text($0.text) }, as: "jsonb")
  }

  /// - Returns: `$1` and so on.
  func insert(into table: String) -> Command {
    let names = columns.map(\.name).joined(separator: ", ")
    let parameters = columns.enumerated().map { "$\($0.offset + 1)\($0.element.cast)" }
    return Command(
      """
      INSERT INTO \(table) (\(names)) VALUES (\(parameters.joined(separator: ", "))) RETURNING id
      """, columns.map(\.value))
  }

  /// Inserts with the first of several values that no row has for a unique column; returns nothing when all
  /// are taken, or when somebody took it at the same time.
  func insert(into table: String, firstFree candidates: [String], for unique: String) -> Command {
    let names = ([unique] + columns.map(\.name)).joined(separator: ", ")
    let parameters = columns.enumerated().map { ", $\($0.offset + 2)\($0.element.cast)" }
    return Command(
      """
      INSERT INTO \(table) (\(names))
      SELECT candidate.value\(parameters.joined())
      FROM unnest($1) WITH ORDINALITY AS candidate (value, place)
      WHERE NOT EXISTS (SELECT FROM \(table) known WHERE known.\(unique) = candidate.value)
      ORDER BY candidate.place LIMIT 1
      ON CONFLICT (\(unique)) DO NOTHING RETURNING id
      """, [.textArray(candidates)] + columns.map(\.value))
  }

  /// Changes the named columns of one row, and no others.
  func update(_ table: String, id: Int64) -> Command {
    let assignments = columns.enumerated().map {
      "\($0.element.name) = $\($0.offset + 2)\($0.element.cast), "
    }
    return Command(
      "UPDATE \(table) SET \(assignments.joined())updated_at = now() WHERE id = $1",
      [.int8(id)] + columns.map(\.value))
  }
}
