// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import RPCRuntime

/// What an ``AccountError`` is about, where the error itself does not tell.
enum AccountErrorSubject: Hashable, Sendable {
  /// Something named by `id` in the request.
  case id
  /// An invite's secret in the request's `token`.
  case invite
  /// A password reset's secret in the request's `token`.
  case reset
  /// A member, whose change may leave no owner: the field that was to change.
  case member(field: String)
}

extension RPCError {
  /// What a caller hears of a change that was not made. The only place where these errors are mapped.
  init(
    _ error: AccountError, about subject: AccountErrorSubject = .id, in context: ServerContext,
    retryAfter: Duration, logger: Logger
  ) {
    switch error {
    case .taken(let field):
      let message = Self.taken(field)
      self.init(
        .alreadyExists, message, violations: [FieldViolation(field: field, description: message)])
    case .invalid(let field, let problem): self = .invalid(field, problem)
    case .notFound:
      switch subject {
      case .id, .member: self = .notFound("id", "Not found.")
      case .invite: self = .notFound("token", "There is no such invite.")
      case .reset: self = .invalid("token", "The link is not valid.")
      }
    case .lastOwner:
      let field = if case .member(let field) = subject { field } else { "role" }
      self = .invalid(field, "A tenant needs at least one active owner.")
    case .roleTooLow:
      self.init(.permissionDenied, "Your role does not reach that far.")
    case .alreadyMember:
      self = .invalid(
        subject == .invite ? "token" : "email", "This person is a member of the tenant already.")
    case .alreadyInvited: self = .invalid("email", "This address has an open invite already.")
    case .notPending: self = Self.over(subject, "has been used or cancelled")
    case .expired: self = Self.over(subject, "has expired")
    case .wrongPerson:
      self.init(.permissionDenied, "This invite is for somebody else.")
    case .store(let error):
      self.init(error, in: context, retryAfter: retryAfter, logger: logger)
    }
  }

  private static func over(_ subject: AccountErrorSubject, _ what: String) -> RPCError {
    switch subject {
    case .invite: .invalid("token", "The invite \(what).")
    case .reset: .invalid("token", "The link \(what).")
    case .id, .member: RPCError(.failedPrecondition, "It \(what).")
    }
  }

  private static func taken(_ field: String) -> String {
    switch field {
    case "email": "A user with this email already exists."
    case "username": "A user with this username already exists."
    case "tenant_slug": "A tenant with this slug already exists."
    case "domain": "A tenant with this domain already exists."
    default: "It exists already."
    }
  }
}
