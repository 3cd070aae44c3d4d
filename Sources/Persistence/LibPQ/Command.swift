// SPDX-License-Identifier: Apache-2.0

/// One SQL statement with the types of its parameters: what is prepared, once per connection.
package struct Statement: Hashable, Sendable {
  package let sql: String
  package let parameterTypes: [PostgresType]

  package init(_ sql: String, parameterTypes: [PostgresType] = []) {
    self.sql = sql
    self.parameterTypes = parameterTypes
  }
}

/// A statement with values for its parameters.
package struct Command: Hashable, Sendable {
  package let statement: Statement
  package let values: [PostgresValue]

  /// - Parameter sql: with `$1`, `$2`, … for the values. Nothing but quoted identifiers is ever spliced
  ///   into it.
  package init(_ sql: String, _ values: [PostgresValue] = []) {
    statement = Statement(sql, parameterTypes: values.map(\.type))
    self.values = values
  }

  static let begin = Command("BEGIN")
  /// One snapshot for all statements up to COMMIT.
  static let beginSnapshot = Command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  static let commit = Command("COMMIT")
  static let rollback = Command("ROLLBACK")
}
