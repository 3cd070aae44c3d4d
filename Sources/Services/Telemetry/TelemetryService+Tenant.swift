// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime

extension TelemetryService {
  /// The tenant of a call: metadata `x-tenant`, else the host in `:authority`. When both name one, they
  /// must agree.
  /// - Parameter name: a slug from the request itself; empty: none. It must agree too.
  /// - Throws: NOT_FOUND when no known tenant is named, PERMISSION_DENIED when two are.
  func tenant(
    of context: ServerContext, named name: String = ""
  ) async throws(RPCError) -> Tenant {
    var found = FoundTenant()
    do throws(StoreError) {
      for claim in TenantClaim.all(of: context, named: name) where found.isUsable {
        found.add(try await tenant(claim), claimedBy: claim)
      }
    } catch {
      throw failure(error, context)
    }
    return try found.get()
  }

  // What follows is not inlined, because live streams keep the frames of their set-up; see `subscribe`.

  @inline(never)
  private func tenant(_ claim: TenantClaim) async throws(StoreError) -> Tenant? {
    switch claim {
    case .host(let host): return try await tenants.tenant(host: host.name)
    case .slug(let slug): return try await tenants.tenant(slug: slug)
    case .malformed: return nil
    }
  }
}

/// One of the things that a call says about its tenant.
private enum TenantClaim {
  /// May be no tenant's.
  case host(TenantHost)
  /// Must be a tenant's.
  case slug(TenantSlug)
  /// Sent for a slug, but none.
  case malformed

  @inline(never)
  static func all(of context: ServerContext, named name: String) -> [TenantClaim] {
    let host = TenantHost(authority: context.authority).map { TenantClaim.host($0) }
    let metadata = slug(context.metadata["x-tenant"] ?? "")
    guard host != nil || metadata != nil || !name.isEmpty else { return [] }
    var claims: [TenantClaim] = []
    claims.reserveCapacity(3)
    if let host { claims.append(host) }
    if let metadata { claims.append(metadata) }
    if let name = slug(name) { claims.append(name) }
    return claims
  }

  /// - Returns: nil when nothing was said.
  private static func slug(_ text: String) -> TenantClaim? {
    if text.isEmpty { return nil }
    return TenantSlug(text).map { .slug($0) } ?? .malformed
  }
}

/// What the directory answered.
private struct FoundTenant {
  private var tenant: Tenant?
  private var isUnknown = false
  private var isContradicted = false

  /// False once the call has failed: further answers do not matter.
  var isUsable: Bool { !isUnknown && !isContradicted }

  @inline(never)
  mutating func add(_ found: Tenant?, claimedBy claim: TenantClaim) {
    if let found {
      if let tenant, tenant.id != found.id { isContradicted = true }
      tenant = found
      return
    }
    switch claim {
    case .host: break  // one that is no tenant's says nothing
    case .slug, .malformed: isUnknown = true
    }
  }

  @inline(never)
  func get() throws(RPCError) -> Tenant {
    if isContradicted {
      let message = "the call names two different tenants"
      throw RPCError(
        .permissionDenied, message,
        violations: [FieldViolation(field: "tenant", description: message)])
    }
    guard !isUnknown, let tenant else { throw .notFound("tenant", "unknown tenant") }
    return tenant
  }
}
