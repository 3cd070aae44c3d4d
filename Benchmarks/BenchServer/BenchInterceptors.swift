// SPDX-License-Identifier: Apache-2.0
import Domain
import Logging
import Prometheus
import RPCRuntime
import Services

/// What `traksense serve` puts around a call, at its default log level, but for credentials: load generators
/// have none.
enum BenchInterceptors {
  static func all() throws -> [any ServerInterceptor] {
    let tenant = try tenant()
    return [
      TracingInterceptor(), CallLogInterceptor(logger: Logger(label: "bench")),
      MetricsInterceptor(factory: PrometheusRegistry()),
      OneCaller(tenant: tenant), TenantLimitInterceptor(limits: TenantLimits()),
      DeadlineInterceptor(),
    ]
  }

  static func tenant() throws -> Tenant {
    guard let slug = TenantSlug("umc") else {
      throw StoreError.failed(sqlState: "XX000", "a name is malformed")
    }
    return Tenant(id: 1, slug: slug, schema: "umc", name: "Bench")
  }
}

/// Makes every call one of the same tenant.
struct OneCaller: ServerInterceptor {
  let tenant: Tenant

  func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    context[CallTenant.self] = tenant
    return try await next()
  }
}
