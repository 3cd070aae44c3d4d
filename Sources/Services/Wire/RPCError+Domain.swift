// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import RPCRuntime

extension RPCError {
  /// What a caller hears of a store's failure; a fault of this program is logged.
  ///
  /// Never inlined: what it needs would be part of the frame of every async function that may fail.
  @inline(never)
  init(_ error: StoreError, in context: ServerContext, retryAfter: Duration, logger: Logger) {
    if case .failed(let state, let message) = error {
      logger.error(
        "store failed",
        metadata: [
          "rpc.method": "\(context.method.path)", "sql.state": "\(state)", "error": "\(message)",
        ])
    }
    self.init(error, isLate: context.timeRemaining == .zero, retryAfter: retryAfter)
  }

  /// What a caller hears of a store's failure. The details of ``StoreError/failed(sqlState:_:)`` stay here.
  /// - Parameters:
  ///   - isLate: true when the call's deadline has passed.
  ///   - retryAfter: told to the caller when trying again makes sense.
  init(_ error: StoreError, isLate: Bool, retryAfter: Duration) {
    switch error {
    case .unavailable:
      self.init(.unavailable, "the database cannot be reached", retryAfter: retryAfter)
    case .overloaded:
      self.init(.unavailable, "the database is overloaded", retryAfter: retryAfter)
    case .outdated:
      self.init(.unavailable, "the catalogue has changed meanwhile", retryAfter: retryAfter)
    case .cancelled:
      self =
        isLate
        ? RPCError(.deadlineExceeded, "deadline exceeded") : RPCError(.cancelled, "call cancelled")
    case .failed:
      self.init(.internalError, "internal error")
    }
  }

  /// What a caller hears when a live stream does not start or go on.
  init(_ error: LiveError, isLate: Bool, retryAfter: Duration) {
    switch error {
    case .tooManySubscriptions(let limit):
      self.init(.resourceExhausted, "too many subscriptions: at most \(limit) per tenant")
    case .tooManyViews(let limit):
      self.init(
        .resourceExhausted, "too many different filters subscribed to: at most \(limit) per tenant")
    case .overtaken(let missed, let oldest):
      self.init(
        .resourceExhausted,
        "reader too slow: cursor \(missed) is no longer held, the oldest is \(oldest)")
    case .lost(let range):
      self.init(
        .dataLoss,
        "cursors \(range.lowerBound) to \(range.upperBound) can no longer be read")
    case .store(let error):
      self.init(error, isLate: isLate, retryAfter: retryAfter)
    case .closed:
      self.init(.unavailable, "the server is stopping", retryAfter: retryAfter)
    case .cancelled:
      self.init(StoreError.cancelled, isLate: isLate, retryAfter: retryAfter)
    }
  }

  /// INVALID_ARGUMENT about one field.
  static func invalid(_ field: String, _ message: String) -> RPCError {
    RPCError(
      .invalidArgument, "\(field): \(message)",
      violations: [FieldViolation(field: field, description: message)])
  }

  /// NOT_FOUND about one field.
  static func notFound(_ field: String, _ message: String) -> RPCError {
    RPCError(
      .notFound, message, violations: [FieldViolation(field: field, description: message)])
  }
}
