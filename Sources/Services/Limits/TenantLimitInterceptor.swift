// SPDX-License-Identifier: Apache-2.0

package import Domain
import NIOCore
package import RPCRuntime

/// Holds each tenant to its ``TenantLimits``. The tenant is the one of metadata `x-tenant`, else of the
/// host in `:authority`; calls of nobody known are left to their handler, which refuses them.
package struct TenantLimitInterceptor: ServerInterceptor {
  private let tenants: any TenantDirectory
  private let limits: TenantLimits
  private let quotas: TenantQuotas

  /// - Parameters:
  ///   - tenants: who is known.
  ///   - limits: the same for each tenant.
  package init(tenants: any TenantDirectory, limits: TenantLimits) {
    self.tenants = tenants
    self.limits = limits
    quotas = TenantQuotas(limits)
  }

  /// Nothing where nothing is limited.
  package func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)? {
    let concurrency = method.kind == .unary ? limits.concurrentCalls : limits.concurrentStreams
    return concurrency == nil && limits.callsPerSecond == nil ? nil : self
  }

  /// Tenants that are remembered.
  var tenantsInUse: Int { quotas.count }

  package func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    guard let tenant = await tenant(of: context) else { return try await next() }
    let isStream = context.method.kind != .unary
    if let refusal = quotas.enter(tenant, isStream: isStream, at: .now()) { throw refusal }
    defer { quotas.leave(tenant, isStream: isStream) }
    return try await next()
  }

  /// - Returns: nil for unknown tenants, and when the directory cannot tell: the handler will say so.
  @inline(never)
  private func tenant(of context: ServerContext) async -> Tenant? {
    do throws(StoreError) {
      if let name = context.metadataValue("x-tenant"), !name.isEmpty {
        guard let slug = TenantSlug(name) else { return nil }
        return try await tenants.tenant(slug: slug)
      }
      guard let host = TenantHost(authority: context.authority) else { return nil }
      return try await tenants.tenant(host: host.name)
    } catch {
      return nil
    }
  }
}
