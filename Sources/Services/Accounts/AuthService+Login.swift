// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import Logging
package import RPCRuntime
package import TrakSenseAPI

extension AuthService {
  /// Whatever is wrong with name, password, account, membership or tenant, the caller hears the same, after
  /// the same work.
  package func login(
    _ request: TraksenseV1.LoginRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LoginResponse {
    let typed = request.usernameOrEmail.trimmed.isEmpty ? request.email : request.usernameOrEmail
    let name = typed.trimmed.lowercased()
    var problems = FieldProblems()
    problems.present(name, "username_or_email")
    problems.present(request.password, "password")
    try problems.check()
    let wanted = try tenantWanted(request.tenant, context)

    try desk.admit(CallOrigin(context).address, desk.logins)
    try await refuseLocked(name, context)
    let found = try await credentials(of: typed, context)
    let password = PlainPassword(request.password)
    let isRight = try await desk.matches(password, found?.password, context)
    guard isRight, let found, found.user.isActive,
      let membership = try await membership(of: found.user, in: wanted, context)
    else {
      try await noteFailure(of: name, found?.user, context)
      throw RPCError(.unauthenticated, "Invalid credentials.")
    }
    await upgrade(found, password)
    try await desk.stored(context) { () async throws(StoreError) in
      try await ports.loginGuard.noteSuccess(of: name)
    }
    var user = found.user
    let tokens = try await desk.open(user, in: membership.tenant, context)
    user.lastLogin = desk.now
    return TraksenseV1.LoginResponse(
      user: try desk.message(user, role: membership.role, tenant: membership.tenant, context),
      message: "Signed in.", tenant: address(of: membership, context), tokens: tokens)
  }

  /// Where somebody wants to sign in.
  private enum Wanted {
    case tenant(id: Int64)
    case slug(TenantSlug)
    /// The only one that there is.
    case any
  }

  private func tenantWanted(
    _ name: String, _ context: ServerContext
  ) throws(RPCError) -> Wanted {
    let slug = TenantSlug(name)
    if !name.isEmpty, slug == nil { throw .invalid("tenant", "Is not a tenant's slug.") }
    if let tenant = context[CallTenant.self] {
      if let slug, slug != tenant.slug { throw .twoTenants }
      return .tenant(id: tenant.id)
    }
    return slug.map { .slug($0) } ?? .any
  }

  private func refuseLocked(_ name: String, _ context: ServerContext) async throws(RPCError) {
    let wait = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.loginGuard.lockout(of: name, at: desk.now)
    }
    if let wait {
      throw RPCError(
        .resourceExhausted, "Too many failed attempts. Try again later.", retryAfter: wait)
    }
  }

  private func credentials(
    of typed: String, _ context: ServerContext
  ) async throws(RPCError) -> StoredCredentials? {
    guard let name = LoginName(typed.trimmed) else { return nil }
    return try await desk.stored(context) { () async throws(StoreError) in
      try await ports.accounts.credentials(for: name)
    }
  }

  /// - Returns: nil when the person belongs to no such tenant, or it is suspended.
  /// - Throws: INVALID_ARGUMENT naming `tenant` when there are several to choose from.
  private func membership(
    of user: UserAccount, in wanted: Wanted, _ context: ServerContext
  ) async throws(RPCError) -> TenantMembership? {
    let all = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.accounts.memberships(of: user.id)
    }
    switch wanted {
    case .tenant(let id): return all.first { $0.tenant.id == id }
    case .slug(let slug): return all.first { $0.tenant.slug == slug }
    case .any:
      guard all.count > 1 else { return all.first }
      let names = all.map(\.tenant.slug.rawValue).joined(separator: ", ")
      throw .invalid("tenant", "You belong to several tenants, say which: \(names).")
    }
  }

  private func noteFailure(
    of name: String, _ user: UserAccount?, _ context: ServerContext
  ) async throws(RPCError) {
    try await desk.stored(context) { () async throws(StoreError) in
      try await ports.loginGuard.noteFailure(
        of: name, user: user?.id, tenant: context[CallTenant.self]?.id, by: desk.actor(context))
    }
  }

  /// Replaces a hash of an older kind. Signing in does not depend on it.
  private func upgrade(_ found: StoredCredentials, _ password: PlainPassword) async {
    guard desk.passwords.needsRehash(found.password) else { return }
    do {
      let hash = try await desk.passwords.hash(password)
      try await ports.accounts.upgradePassword(
        of: found.user.id, from: found.password, to: hash)
    } catch {
      desk.logger.warning("password hash not upgraded", metadata: ["error": "\(error)"])
    }
  }

  /// Where the tenant is: at the host that was called when that is its own, else at its first host.
  private func address(
    of membership: TenantMembership, _ context: ServerContext
  ) -> TraksenseV1.TenantAddress {
    if context[CallTenant.self] == nil, let domain = membership.primaryDomain {
      return desk.address(of: membership.tenant, domain: domain, context)
    }
    return desk.address(of: membership.tenant, context)
  }
}
