// SPDX-License-Identifier: Apache-2.0
import Domain

/// What went wrong between this program and PostgreSQL. Never leaves `Persistence`: callers see a
/// `StoreError`, which is made of it in exactly one place, below.
package struct PostgresError: Error, Hashable, Sendable {
  /// Five characters, PostgreSQL appendix A; the server's, or the one of the same meaning when libpq or
  /// this module found the fault.
  package let sqlState: String
  /// The primary message: no SQL, no detail, no data of a row.
  package let message: String
  /// Name of the violated constraint (class 23); empty otherwise.
  package var constraint = ""

  package init(sqlState: String, message: String, constraint: String = "") {
    self.sqlState = sqlState
    self.message = message
    self.constraint = constraint
  }

  /// No connection could be made: 08001.
  static func cannotConnect(_ message: String) -> PostgresError {
    PostgresError(sqlState: "08001", message: message)
  }

  /// The connection broke while in use; what the server did last is not known: 08006.
  static func connectionLost(_ message: String) -> PostgresError {
    PostgresError(sqlState: "08006", message: message)
  }

  /// The connection was found broken before anything was sent on it: 08003. Safe to use another one.
  static let stale = PostgresError(
    sqlState: "08003", message: "the connection was closed by the server while idle")

  /// The caller gave up before the statement was sent: 57014.
  static let cancelled = PostgresError(
    sqlState: "57014", message: "canceling statement due to user request")

  /// An answer does not have the shape that this program asked for: 42804.
  static func unexpected(_ message: String) -> PostgresError {
    PostgresError(sqlState: "42804", message: message)
  }

  var isStale: Bool { sqlState == "08003" }

  /// Deadlock or serialisation failure: the transaction was rolled back and may simply be run again.
  var isRetriable: Bool { sqlState == "40P01" || sqlState == "40001" }

  /// The server no longer has, or no longer trusts, a statement that this connection prepared.
  var invalidatesStatements: Bool { sqlState == "26000" || sqlState == "0A000" }
}

extension StoreError {
  /// Classes and codes: PostgreSQL appendix A.
  init(_ error: PostgresError) {
    switch error.sqlState {
    case "57014":
      self = .cancelled
    // too_many_connections; admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped;
    // out of disk or memory; lock_not_available: all of these pass.
    case "53300", "57P01", "57P02", "57P03", "57P04", "53100", "53200", "55P03":
      self = .unavailable(error.message)
    case let state where state.hasPrefix("08"):
      self = .unavailable(error.message)
    case let state:
      self = .failed(sqlState: state, error.message)
    }
  }
}
