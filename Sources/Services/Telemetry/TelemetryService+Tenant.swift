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
    let byHost = try await tenant(host: context)
    let byMetadata = try await agreeing(with: byHost, metadataSlug(of: context), context)
    let tenant = try await agreeing(with: byMetadata, name, context)
    guard let tenant else { throw .notFound("tenant", "unknown tenant") }
    return tenant
  }

  // None of these is inlined, because live streams keep the frames of their set-up; see `subscribe`.

  @inline(never)
  private func metadataSlug(of context: ServerContext) -> String {
    context.metadata["x-tenant"] ?? ""
  }

  /// The tenant of a slug, which must be the `other` if there is one; `other` when the slug is empty.
  @inline(never)
  private func agreeing(
    with other: Tenant?, _ slug: String, _ context: ServerContext
  ) async throws(RPCError) -> Tenant? {
    guard !slug.isEmpty else { return other }
    guard let slug = TenantSlug(slug), let named = try await tenant(slug: slug, context) else {
      throw .notFound("tenant", "unknown tenant")
    }
    if let other, other.id != named.id { throw Self.twoTenants }
    return named
  }

  private static var twoTenants: RPCError {
    @inline(never) get {
      let message = "the call names two different tenants"
      return RPCError(
        .permissionDenied, message,
        violations: [FieldViolation(field: "tenant", description: message)])
    }
  }

  private func tenant(
    slug: TenantSlug, _ context: ServerContext
  ) async throws(RPCError) -> Tenant? {
    do throws(StoreError) {
      return try await tenants.tenant(slug: slug)
    } catch {
      throw failure(error, context)
    }
  }

  @inline(never)
  private func tenant(host context: ServerContext) async throws(RPCError) -> Tenant? {
    guard let host = TenantHost(authority: context.authority) else { return nil }
    do throws(StoreError) {
      return try await tenants.tenant(host: host.name)
    } catch {
      throw failure(error, context)
    }
  }
}
