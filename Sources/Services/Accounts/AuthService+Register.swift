// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AuthService {
  /// How often another user name is tried when nobody asked for a certain one.
  private static let usernameAttempts = 5
  /// Of a tenant's display name.
  static let maxTenantName = 100

  package func register(
    _ request: TraksenseV1.RegisterRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RegisterResponse {
    guard desk.settings.allowsRegistration else {
      throw RPCError(.permissionDenied, "Registration is closed.")
    }
    let wish = try RegistrationWish(request)
    try desk.admit(CallOrigin(context).address, desk.registrations)
    let password = try await desk.hash(PlainPassword(request.password), context)
    let made = try await register(wish, password, context)
    return TraksenseV1.RegisterResponse(
      user: try desk.message(made.owner, role: .owner, tenant: made.tenant, context),
      tenant: desk.address(of: made.tenant, domain: made.primaryDomain, context),
      message: "The tenant is ready. You can sign in now.")
  }

  private func register(
    _ wish: RegistrationWish, _ password: PasswordHash, _ context: ServerContext
  ) async throws(RPCError) -> Registration {
    let tenant = NewTenant(
      slug: wish.slug, name: wish.tenantName,
      domains: ["\(wish.slug.rawValue).\(desk.settings.tenantBaseDomain)"])
    var owner = NewUser(
      email: wish.email, username: wish.username, profile: wish.profile, password: password)
    for _ in 1..<Self.usernameAttempts {
      do throws(AccountError) {
        return try await ports.accounts.register(tenant, owner: owner, by: desk.actor(context))
      } catch {
        guard error == .taken(field: "username"), !wish.asksForUsername else {
          throw desk.failure(error, context)
        }
        owner.username = try another(wish.username, context)
      }
    }
    return try await desk.changed(context) { () async throws(AccountError) in
      try await ports.accounts.register(tenant, owner: owner, by: desk.actor(context))
    }
  }

  /// A user name that is hardly taken.
  private func another(
    _ username: Username, _ context: ServerContext
  ) throws(RPCError) -> Username {
    do throws(CryptoError) {
      let suffix = "-" + (try SecureRandom.alphanumeric(4).lowercased())
      let stem = username.rawValue.prefix(Username.maxLength - suffix.utf8.count)
      return Username(stem + suffix) ?? username
    } catch {
      throw desk.failure(error, context)
    }
  }
}

/// A registration whose fields are all right.
private struct RegistrationWish {
  let tenantName: String
  let slug: TenantSlug
  let email: EmailAddress
  let username: Username
  /// False: it was made of the e-mail address.
  let asksForUsername: Bool
  let profile: UserProfile

  init(_ request: TraksenseV1.RegisterRequest) throws(RPCError) {
    var problems = FieldProblems()
    let tenantName = problems.required(
      request.tenantName, "tenant_name", maxLength: AuthService.maxTenantName)
    let slug = NewTenantSlug.slug(request.tenantSlug, tenantName: tenantName, &problems)
    let email = problems.email(request.email)
    let username = Self.username(request.username, email, &problems)
    let profile = Self.profile(request, &problems)
    problems.password(
      PlainPassword(request.password), "password",
      for: PasswordPolicy.Person(
        email: email?.rawValue ?? "", username: request.username, firstName: profile.firstName,
        lastName: profile.lastName))
    if let confirmation = request.passwordConfirm {
      problems.confirmation(confirmation.value, of: request.password, "password_confirm")
    }
    try problems.check()
    guard let slug, let email, let username else {
      throw RPCError(.invalidArgument, "the request is not valid")
    }
    self.tenantName = tenantName
    self.slug = slug
    self.email = email
    self.username = username
    asksForUsername = !request.username.isEmpty
    self.profile = profile
  }

  private static func username(
    _ text: String, _ email: EmailAddress?, _ problems: inout FieldProblems
  ) -> Username? {
    guard text.isEmpty else {
      let username = Username(text)
      if username == nil {
        problems.add(
          "username",
          "May have 1–\(Username.maxLength) characters: letters a–z, digits and . + - _ only.")
      }
      return username
    }
    guard let email else { return nil }
    let local = email.rawValue.prefix { $0 != "@" }
      .filter { $0.isLetter || $0.isNumber || ".+-_".contains($0) }
    return Username(local) ?? Username("user")
  }

  private static func profile(
    _ request: TraksenseV1.RegisterRequest, _ problems: inout FieldProblems
  ) -> UserProfile {
    var profile = UserProfile()
    profile.firstName = problems.line(
      request.firstName, "first_name", maxLength: FieldProblems.maxName)
    profile.lastName = problems.line(
      request.lastName, "last_name", maxLength: FieldProblems.maxName)
    let names = problems.names(request.name)
    if profile.firstName.isEmpty, profile.lastName.isEmpty {
      (profile.firstName, profile.lastName) = names
    }
    return profile
  }
}
