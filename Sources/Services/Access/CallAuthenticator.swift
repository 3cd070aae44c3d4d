// SPDX-License-Identifier: Apache-2.0

package import Credentials
package import Domain
import RPCRuntime

/// Finds out who makes a call: a person with a session, an API key, the installation's key, or a service
/// with a certificate. Every comparison of secrets takes the same time whatever they are.
package struct CallAuthenticator: Sendable {
  let tokens: AccessTokenSigner
  let sessions: any SessionStore
  let apiKeys: any APIKeyStore
  let ingestKeys: IngestKeys
  let roles: ServiceRoles
  let clock: WallClock

  /// - Parameters:
  ///   - tokens: checks signatures and times.
  ///   - sessions: says on every call whether the session still counts.
  ///   - apiKeys: of all tenants.
  ///   - ingestKeys: of the installation.
  ///   - roles: of services with certificates.
  ///   - clock: for keys that end.
  package init(
    tokens: AccessTokenSigner, sessions: any SessionStore, apiKeys: any APIKeyStore,
    ingestKeys: IngestKeys, roles: ServiceRoles, clock: WallClock
  ) {
    self.tokens = tokens
    self.sessions = sessions
    self.apiKeys = apiKeys
    self.ingestKeys = ingestKeys
    self.roles = roles
    self.clock = clock
  }

  /// Somebody whose credentials are right.
  struct Caller: Sendable {
    var principal: Principal
    /// That the credentials belong to; nil: to none.
    var tenant: Tenant?
    /// Whether the credentials still count later on.
    var proof: Proof
  }

  /// What is asked again while a stream is open.
  enum Proof: Hashable, Sendable {
    case session(SessionID, tenant: Int64)
    case apiKey(prefix: String, id: Int64)
    /// For as long as the server runs.
    case lasting
  }

  /// What came of looking at credentials.
  enum Verdict: Sendable {
    case caller(Caller)
    case refused(CredentialProblem)
    /// The installation has no key, whatever was presented.
    case ingestClosed
    /// A session of a tenant that may be suspended, which the caller of this finds out.
    case ended(TenantSlug)
  }

  /// - Parameters:
  ///   - credential: what the call brings.
  ///   - tenant: what the credentials must belong to, if they belong to any; nil: to whatever they do.
  func judge(
    _ credential: PresentedCredential, for tenant: Tenant?
  ) async throws(StoreError) -> Verdict {
    switch credential {
    case .apiKey(let text): return try await judge(apiKey: text, for: tenant)
    case .key(let text):
      if ingestKeys.accepts(text) { return .installation }
      return ingestKeys.isEmpty ? .ingestClosed : .refused(.apiKeyNotValid)
    case .bearer(let text):
      // Tokens have dots, and nearly all bearers are tokens.
      if ingestKeys.accepts(text) { return .installation }
      return try await judge(token: text, for: tenant)
    case .certificate(let identity):
      guard let principal = roles.principal(for: identity) else { return .refused(.required) }
      return .caller(Caller(principal: principal, tenant: nil, proof: .lasting))
    }
  }

  private func judge(
    token: String, for tenant: Tenant?
  ) async throws(StoreError) -> Verdict {
    let claims: AccessClaims
    do throws(TokenError) {
      claims = try tokens.access(token)
    } catch {
      return .refused(error == .expired ? .tokenExpired : .tokenNotValid)
    }
    if let tenant, tenant.id != claims.tenantID { return .refused(.wrongTenant) }
    guard let grant = try await sessions.grant(claims.session, tenant: claims.tenantID) else {
      return .ended(claims.tenantSlug)
    }
    guard grant.subject == claims.subject, grant.tenant.id == claims.tenantID else {
      return .refused(.tokenNotValid)
    }
    return .caller(
      Caller(
        principal: .user(id: grant.user, session: grant.session, role: grant.role),
        tenant: grant.tenant, proof: .session(grant.session, tenant: claims.tenantID)))
  }

  private func judge(
    apiKey text: String, for tenant: Tenant?
  ) async throws(StoreError) -> Verdict {
    // When libcrypto fails, that counts as "no".
    guard let key = APIKeyText(text), let digest = try? key.digest().bytes else {
      return .refused(.apiKeyNotValid)
    }
    let now = clock.now()
    let stored = try await apiKeys.find(prefix: key.prefix, at: now)
    // Compared with something in every case.
    let known = stored?.digest.bytes ?? [UInt8](repeating: 0, count: digest.count)
    guard ConstantTime.areEqual(known, digest), let stored, stored.key.isValid(at: now) else {
      return .refused(.apiKeyNotValid)
    }
    if let tenant, tenant.id != stored.tenant.id { return .refused(.wrongTenant) }
    return .caller(
      Caller(
        principal: .apiKey(id: stored.key.id, scopes: stored.key.scopes), tenant: stored.tenant,
        proof: .apiKey(prefix: key.prefix, id: stored.key.id)))
  }
}

extension CallAuthenticator.Verdict {
  fileprivate static let installation = CallAuthenticator.Verdict.caller(
    CallAuthenticator.Caller(principal: .installation, tenant: nil, proof: .lasting))
}
