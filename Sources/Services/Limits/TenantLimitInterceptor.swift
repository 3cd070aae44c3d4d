// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
package import RPCRuntime

/// Holds each tenant to its ``TenantLimits``. The tenant is the one that ``AccessInterceptor`` found, so put
/// this behind it; calls of no tenant are left to their handler.
package struct TenantLimitInterceptor: CallBracket {
  private let limits: TenantLimits
  private let quotas: TenantQuotas

  /// - Parameter limits: the same for each tenant.
  package init(limits: TenantLimits) {
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

  package func begin(_ context: ServerContext) async throws(RPCError) {
    guard let tenant = context[CallTenant.self] else { return }
    let isStream = context.method.kind != .unary
    if let refusal = quotas.enter(tenant, isStream: isStream, at: .now()) { throw refusal }
  }

  package func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
    if let tenant = context[CallTenant.self] {
      quotas.leave(tenant, isStream: context.method.kind != .unary)
    }
    return error
  }
}
