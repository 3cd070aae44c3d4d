// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Logging
import RPCRuntime

/// Lets calls in: resolves the tenant, finds out who calls, compares with what the RPC takes, and leaves
/// tenant and principal in the call's context. A class, as every RPC has one.
package final class CallGate: Sendable {
  private let claims: TenantClaims
  let authenticator: CallAuthenticator
  let streams = AdmittedStreams()
  private let retryAfter: Duration
  private let logger: Logger

  /// - Parameters:
  ///   - tenants: who is known.
  ///   - publicHosts: hosts that belong to no tenant, beside `api`, `localhost` and addresses.
  ///   - authenticator: knows callers.
  ///   - retryAfter: what callers are told to wait when the database does not answer. Default 2 s.
  ///   - logger: hears of faults of this program that callers only see as INTERNAL.
  package init(
    tenants: any TenantDirectory, publicHosts: Set<String> = [], authenticator: CallAuthenticator,
    retryAfter: Duration = .seconds(2), logger: Logger
  ) {
    claims = TenantClaims(
      tenants: tenants, publicHosts: Set(publicHosts.map { $0.lowercased() }))
    self.authenticator = authenticator
    self.retryAfter = retryAfter
    self.logger = logger
  }

  /// - Returns: who calls; nil where credentials are not looked at.
  /// - Throws: what the caller shall see.
  @inline(never)
  func admit(
    _ context: ServerContext, _ permission: Permission
  ) async throws(RPCError) -> CallAuthenticator.Caller? {
    let decision: Decision
    do throws(StoreError) {
      decision = try await decide(context, permission)
    } catch {
      throw RPCError(error, in: context, retryAfter: retryAfter, logger: logger)
    }
    return try decision.get()
  }

  /// Lets a stream in, and remembers on what grounds until it has ended.
  func admitStream(
    _ context: ServerContext, _ permission: Permission
  ) async throws(RPCError) {
    try await ChildTask.run { () async throws(RPCError) in
      guard let caller = try await self.admit(context, permission) else { return }
      self.streams.enter(
        context,
        AdmittedStreams.Grounds(
          proof: caller.proof, tenant: context[CallTenant.self]?.slug, permission: permission))
    }
  }

  /// Whether a stream would still be let in.
  /// - Returns: nil when it would, else why not.
  func verdict(on grounds: AdmittedStreams.Grounds) async throws(StoreError) -> RPCError? {
    if let slug = grounds.tenant {
      guard let tenant = try await claims.tenants.tenant(slug: slug) else {
        return .unauthenticated(.sessionEnded)
      }
      if tenant.isSuspended { return .suspendedTenant }
    }
    switch grounds.proof {
    case .lasting: return nil
    case .session(let id, let tenant):
      guard let grant = try await authenticator.sessions.grant(id, tenant: tenant) else {
        return .unauthenticated(.sessionEnded)
      }
      return Self.refusal(
        of: .user(id: grant.user, session: grant.session, role: grant.role), grounds.permission)
    case .apiKey(let prefix, let id):
      let now = authenticator.clock.now()
      guard let stored = try await authenticator.apiKeys.find(prefix: prefix, at: now),
        stored.key.id == id, stored.key.isValid(at: now)
      else { return .unauthenticated(.apiKeyNotValid) }
      return Self.refusal(of: .apiKey(id: id, scopes: stored.key.scopes), grounds.permission)
    }
  }

  private typealias Decision = Result<CallAuthenticator.Caller?, RPCError>

  /// Store failures are thrown, refusals returned.
  private func decide(
    _ context: ServerContext, _ permission: Permission
  ) async throws(StoreError) -> Decision {
    let named: Tenant?
    switch try await claims.find(context) {
    case .nobody: named = nil
    case .tenant(let tenant): named = tenant
    case .unknown: return .failure(.unknownTenant)
    case .contradiction: return .failure(.twoTenants)
    }
    if let named, named.isSuspended, permission != .signIn { return .failure(.suspendedTenant) }
    switch permission {
    case .open: return .success(nil)
    case .openInTenant, .signIn:
      context[CallTenant.self] = named
      return .success(nil)
    case .signedIn, .person, .member, .ingest: break
    }
    guard let credential = PresentedCredential(context) else {
      return .failure(.credentialsRequired)
    }
    let verdict = try await authenticator.judge(
      credential, for: permission == .signedIn ? nil : named)
    switch verdict {
    case .caller(let caller):
      return admit(caller, to: named ?? caller.tenant, context, permission)
    case .refused(let problem): return .failure(.unauthenticated(problem))
    case .ingestClosed: return .failure(ingestClosed)
    case .ended(let slug):
      let isSuspended = try await claims.tenants.tenant(slug: slug)?.isSuspended ?? false
      return .failure(isSuspended ? .suspendedTenant : .unauthenticated(.sessionEnded))
    }
  }

  private func admit(
    _ caller: CallAuthenticator.Caller, to tenant: Tenant?, _ context: ServerContext,
    _ permission: Permission
  ) -> Decision {
    // The installation's key may name its tenant in the request.
    if tenant == nil, permission != .ingest { return .failure(.unknownTenant) }
    if tenant?.isSuspended == true { return .failure(.suspendedTenant) }
    if let refusal = Self.refusal(of: caller.principal, permission) { return .failure(refusal) }
    context[CallTenant.self] = tenant
    context[CallPrincipal.self] = caller.principal
    return .success(caller)
  }

  /// - Returns: nil for whoever may.
  private static func refusal(of principal: Principal, _ permission: Permission) -> RPCError? {
    switch permission {
    case .open, .openInTenant, .signIn: return nil
    case .signedIn, .person: return principal.userID == nil ? .peopleOnly : nil
    case .member(let least):
      guard let role = principal.role else {
        return RPCError(.permissionDenied, "This key only sends readings.")
      }
      guard role >= least else {
        return RPCError(.permissionDenied, "This takes the role \(least.rawValue).")
      }
      return nil
    case .ingest:
      return principal.mayIngest
        ? nil : RPCError(.permissionDenied, "These credentials may not send readings.")
    }
  }

  private var ingestClosed: RPCError {
    .unauthenticated(
      .apiKeyNotValid,
      "The installation has no ingest key, see setting \(authenticator.ingestKeys.setting).")
  }
}
