// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AuthService {
  /// The answer does not tell whether there is such a user. It takes the same way up to the one statement
  /// that stores the request and its mail.
  package func requestPasswordReset(
    _ request: TraksenseV1.RequestPasswordResetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RequestPasswordResetResponse {
    var problems = FieldProblems()
    let email = problems.email(request.email)
    try problems.check()
    guard let email else { throw .invalid("email", FieldProblems.isRequired) }
    try desk.admit(CallOrigin(context).address, desk.resets)
    // Addresses have an `@`, callers do not.
    try desk.admit(email.rawValue, desk.resets)
    let secret = try desk.secret(context)
    let found = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.accounts.credentials(for: .email(email))
    }
    if let user = found?.user, user.isActive {
      let tenant = try await tenant(of: user, context)
      let lifetime = desk.settings.resetLifetime
      let mail = desk.mails.reset(
        to: user.email, tenant: tenant, secret: secret.text,
        minutes: Int(lifetime.components.seconds / 60))
      try await desk.changed(context) { () async throws(AccountError) in
        try await ports.accounts.requestReset(
          of: user.id, digest: secret.digest, expiresAt: desk.now.advanced(by: lifetime),
          mail: mail, by: desk.actor(context))
      }
    }
    return TraksenseV1.RequestPasswordResetResponse(
      message: "If the address belongs to an account, a mail with a link is on its way.")
  }

  /// Whose browser app the link leads to: the call's tenant, when the person belongs to it, else their
  /// first.
  private func tenant(
    of user: UserAccount, _ context: ServerContext
  ) async throws(RPCError) -> TenantSlug? {
    let all = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.accounts.memberships(of: user.id)
    }
    let called = context[CallTenant.self]?.id
    return (all.first { $0.tenant.id == called } ?? all.first)?.tenant.slug
  }

  package func validatePasswordReset(
    _ request: TraksenseV1.ValidatePasswordResetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ValidatePasswordResetResponse {
    var problems = FieldProblems()
    problems.present(request.token, "token")
    try problems.check()
    let user = try await person(resettingWith: request.token, context)
    return TraksenseV1.ValidatePasswordResetResponse(valid: true, email: user.email.masked)
  }

  package func confirmPasswordReset(
    _ request: TraksenseV1.ConfirmPasswordResetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ConfirmPasswordResetResponse {
    var problems = FieldProblems()
    problems.present(request.token, "token")
    problems.present(request.password, "password")
    problems.confirmation(request.passwordConfirm, of: request.password, "password_confirm")
    try problems.check()
    let user = try await person(resettingWith: request.token, context)
    let password = PlainPassword(request.password)
    problems.password(password, "password", for: PasswordPolicy.Person(user))
    try problems.check()
    let hash = try await desk.hash(password, context)
    let digest = try desk.digest(of: request.token, context)
    _ = try await desk.changed(context, about: .reset) { () async throws(AccountError) in
      try await ports.accounts.reset(
        digest: digest, to: hash, by: desk.actor(context, user: user.id))
    }
    return TraksenseV1.ConfirmPasswordResetResponse(
      message: "The password is set. Sign in with it.")
  }

  private func person(
    resettingWith token: String, _ context: ServerContext
  ) async throws(RPCError) -> UserAccount {
    let digest = try desk.digest(of: token, context)
    return try await desk.changed(context, about: .reset) { () async throws(AccountError) in
      try await ports.accounts.resetRequest(digest: digest, at: desk.now)
    }
  }
}

extension EmailAddress {
  /// `a***@example.com`: enough for its owner.
  var masked: String {
    let domain = rawValue.drop { $0 != "@" }
    return "\(rawValue.prefix(1))***\(domain)"
  }
}
