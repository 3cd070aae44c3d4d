// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import RPCRuntime

extension RESTError {
  /// What a client is told to wait when the service did not say.
  private static let defaultRetryAfter = Duration.seconds(1)

  /// What a client hears of a failed call. Brokers retry 429 and 503 and drop the message on anything else,
  /// so these two mean "try again" and nothing else does.
  init(_ error: RPCError) {
    switch error.code {
    case .invalidArgument, .outOfRange:
      if error.violations.isEmpty {
        self.init(.badRequest, detail: error.message)
      } else {
        self.init(fields: error.violations)
      }
    case .unauthenticated: self.init(.unauthorized, detail: error.message)
    case .permissionDenied: self.init(.forbidden, detail: error.message)
    case .notFound: self.init(.notFound, detail: error.message)
    case .alreadyExists where !error.violations.isEmpty:
      self.init(fields: error.violations, status: .conflict)
    case .failedPrecondition where !error.violations.isEmpty:
      self.init(fields: error.violations)
    case .alreadyExists, .failedPrecondition, .aborted:
      self.init(.conflict, detail: error.message)
    case .resourceExhausted:
      self.init(
        .tooManyRequests, detail: error.message,
        retryAfter: error.retryAfter ?? Self.defaultRetryAfter)
    case .unavailable, .deadlineExceeded, .cancelled:
      self.init(
        .serviceUnavailable, detail: error.message,
        retryAfter: error.retryAfter ?? Self.defaultRetryAfter)
    case .unimplemented: self.init(.notImplemented, detail: error.message)
    // What went wrong inside is for the log, not for clients.
    case .ok, .unknown, .internalError, .dataLoss:
      self.init(.internalServerError, detail: "internal error")
    }
  }
}
