// SPDX-License-Identifier: Apache-2.0

/// Finds tenants. Port: implemented by `Persistence`.
package protocol TenantDirectory: Sendable {
  func tenant(slug: TenantSlug) async throws(StoreError) -> Tenant?
  /// - Parameter host: a host name without port, any case.
  func tenant(host: String) async throws(StoreError) -> Tenant?
}
