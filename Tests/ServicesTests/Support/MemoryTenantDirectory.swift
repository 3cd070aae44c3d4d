// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// Knows `umc` (host `umc.localhost`) and `acme` (host `acme.example.com`).
final class MemoryTenantDirectory: TenantDirectory {
  private let failure = Mutex<StoreError?>(nil)
  private let hosts: [String: Tenant] = [
    "umc.localhost": .umc, "acme.example.com": .sample(2, "acme"),
  ]

  func fail(_ error: StoreError?) {
    failure.withLock { $0 = error }
  }

  func tenant(slug: TenantSlug) async throws(StoreError) -> Tenant? {
    if let error = failure.withLock({ $0 }) { throw error }
    return hosts.values.first { $0.slug == slug }
  }

  func tenant(host: String) async throws(StoreError) -> Tenant? {
    if let error = failure.withLock({ $0 }) { throw error }
    return hosts[host]
  }
}
