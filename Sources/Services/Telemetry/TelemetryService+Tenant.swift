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
    var tenant = byHost
    for slug in [context.metadata["x-tenant"] ?? "", name] where !slug.isEmpty {
      let named = try await self.tenant(slug: slug, context)
      if let tenant, tenant.id != named.id {
        let message = "the call names two different tenants"
        throw RPCError(
          .permissionDenied, message,
          violations: [FieldViolation(field: "tenant", description: message)])
      }
      tenant = named
    }
    guard let tenant else { throw .notFound("tenant", "unknown tenant") }
    return tenant
  }

  private func tenant(slug: String, _ context: ServerContext) async throws(RPCError) -> Tenant {
    do throws(StoreError) {
      if let slug = TenantSlug(slug), let tenant = try await tenants.tenant(slug: slug) {
        return tenant
      }
    } catch {
      throw failure(error, context)
    }
    throw .notFound("tenant", "unknown tenant")
  }

  private func tenant(host context: ServerContext) async throws(RPCError) -> Tenant? {
    guard let host = TenantHost(authority: context.authority) else { return nil }
    do throws(StoreError) {
      return try await tenants.tenant(host: host.name)
    } catch {
      throw failure(error, context)
    }
  }
}
