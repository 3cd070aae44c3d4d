// SPDX-License-Identifier: Apache-2.0
import Domain
import Logging
import Prometheus
import RPCRuntime
import Services

/// What `traksense serve` puts around a call, at its default log level.
enum BenchInterceptors {
  static func all() throws -> [any ServerInterceptor] {
    guard let slug = TenantSlug("umc") else {
      throw StoreError.failed(sqlState: "XX000", "a name is malformed")
    }
    let tenant = Tenant(id: 1, slug: slug, schema: "umc", name: "Bench")
    return [
      TracingInterceptor(), CallLogInterceptor(logger: Logger(label: "bench")),
      MetricsInterceptor(factory: PrometheusRegistry()),
      TenantLimitInterceptor(tenants: OneTenant(tenant: tenant), limits: TenantLimits()),
      DeadlineInterceptor(),
    ]
  }
}
