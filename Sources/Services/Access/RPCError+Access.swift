// SPDX-License-Identifier: Apache-2.0

package import RPCRuntime

/// Why credentials do not count, as a constant in the error's details. Nothing tells more than this.
package enum CredentialProblem: String, Hashable, Sendable, CaseIterable {
  case required = "credentials_required"
  case tokenNotValid = "token_not_valid"
  case tokenExpired = "token_expired"
  /// Revoked or over, or whoever it belongs to is no active member any more.
  case sessionEnded = "session_ended"
  /// Of another tenant than the call's.
  case wrongTenant = "wrong_tenant"
  case apiKeyNotValid = "api_key_not_valid"

  var message: String {
    switch self {
    case .required: "Authentication credentials were not provided."
    case .tokenNotValid: "The token is not valid."
    case .tokenExpired: "The token has expired."
    case .sessionEnded: "The session has ended."
    case .wrongTenant: "The credentials belong to another tenant."
    case .apiKeyNotValid: "The API key is not valid."
    }
  }
}

extension RPCError {
  /// Who defines the reasons in errors' details.
  package static let reasonDomain = "traksense"

  /// UNAUTHENTICATED with the reason in its details.
  package static func unauthenticated(
    _ problem: CredentialProblem, _ message: String? = nil
  ) -> RPCError {
    var error = RPCError(.unauthenticated, message ?? problem.message)
    error.details.reason = ErrorReason(problem.rawValue, domain: reasonDomain)
    return error
  }

  static var credentialsRequired: RPCError { .unauthenticated(.required) }

  static var unknownTenant: RPCError { .notFound("tenant", "unknown tenant") }

  static var twoTenants: RPCError {
    let message = "the call names two different tenants"
    return RPCError(
      .permissionDenied, message,
      violations: [FieldViolation(field: "tenant", description: message)])
  }

  static var suspendedTenant: RPCError {
    RPCError(.permissionDenied, "The tenant is suspended.")
  }

  static var peopleOnly: RPCError {
    RPCError(.permissionDenied, "Only people who are signed in may do this.")
  }
}
