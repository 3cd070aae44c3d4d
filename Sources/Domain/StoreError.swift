// SPDX-License-Identifier: Apache-2.0

/// Why a store could not answer. Carries no SQL and no data: it may reach a caller.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The database cannot be reached or is shutting down: nothing was committed, or it is not known
  /// whether it was. Worth trying again.
  case unavailable(String)
  /// No connection became free in time. Worth trying again, later.
  case overloaded
  /// What the caller had read of the catalogue is no longer there; nothing was changed. Worth trying again after
  /// reading it anew.
  case outdated
  /// The caller's deadline passed, or the call was cancelled; the statement was cancelled too.
  case cancelled
  /// The database answered with an error that trying again will not mend (a fault of this program).
  case failed(sqlState: String, String)

  /// True when the same request may succeed later.
  package var isTransient: Bool {
    switch self {
    case .unavailable, .overloaded, .outdated: true
    case .cancelled, .failed: false
    }
  }

  package var description: String {
    switch self {
    case .unavailable(let reason): "the database is not available: \(reason)"
    case .overloaded: "the database is overloaded: no connection became free in time"
    case .outdated: "the catalogue has changed meanwhile"
    case .cancelled: "cancelled"
    case .failed(let sqlState, let message): "the database failed (\(sqlState)): \(message)"
    }
  }
}
