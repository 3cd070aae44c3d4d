// SPDX-License-Identifier: Apache-2.0
import Domain
import Logging
import Prometheus
import RPCRuntime
import Services
import TrakSenseAPI

/// What `traksense serve` puts around a call, at its default log level, but for credentials: load generators
/// have none.
enum BenchInterceptors {
  static func all() throws -> [any ServerInterceptor] {
    let tenant = try tenant()
    return [
      TracingInterceptor(), ErrorDetailsInterceptor(),
      CallLogInterceptor(logger: Logger(label: "bench")),
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
struct OneCaller: CallBracket {
  let tenant: Tenant

  func begin(_ context: ServerContext) async throws(RPCError) { context[CallTenant.self] = tenant }
}
