// SPDX-License-Identifier: Apache-2.0
package import Domain
import Synchronization

/// Tenants of the public schema, remembered for a short while. Only hits are remembered: a new tenant is
/// visible at once, and names that do not exist cannot fill the memory.
package final class PostgresTenantDirectory: TenantDirectory {
  /// Entries kept; beyond, all are forgotten. 10,000 tenants are some 3 MB.
  private static let capacity = 10_000

  private enum Key: Hashable {
    case slug(TenantSlug)
    case host(String)
  }

  private struct Entry {
    let tenant: Tenant
    let expiry: Timestamp
  }

  private let pool: PostgresPool
  private let clock: WallClock
  private let timeToLive: Duration
  private let cache = Mutex<[Key: Entry]>([:])

  /// - Parameter timeToLive: how long a tenant that was renamed or removed may still be seen. Default
  ///   10 s.
  package init(pool: PostgresPool, clock: WallClock, timeToLive: Duration = .seconds(10)) {
    self.pool = pool
    self.clock = clock
    self.timeToLive = timeToLive
  }

  package func tenant(slug: TenantSlug) async throws(StoreError) -> Tenant? {
    try await tenant(
      .slug(slug),
      Command(
        "SELECT \(Self.columns) FROM public.tenants_tenant tenant WHERE tenant.slug = $1",
        [.text(slug.rawValue)]))
  }

  package func tenant(host: String) async throws(StoreError) -> Tenant? {
    let folded = host.lowercased()
    // Longer or with control characters: no host name, and nothing to ask the database.
    guard (1...253).contains(folded.utf8.count), folded.utf8.allSatisfy({ $0 > 0x20 }) else {
      return nil
    }
    return try await tenant(
      .host(folded),
      Command(
        """
        SELECT \(Self.columns) FROM public.tenants_domain domain
        JOIN public.tenants_tenant tenant ON tenant.id = domain.tenant_id WHERE domain.domain = $1
        """, [.text(folded)]))
  }

  private static let columns = "tenant.id, tenant.slug, tenant.schema_name, tenant.name"

  private func tenant(_ key: Key, _ command: Command) async throws(StoreError) -> Tenant? {
    let now = clock.now()
    if let entry = cache.withLock({ $0[key] }), now < entry.expiry { return entry.tenant }
    let found = try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        guard let slug = TenantSlug(try row.text(1)) else {
          throw .unexpected("a tenant's slug is not usable")
        }
        return Tenant(
          id: try row.int8(0), slug: slug, schema: try row.text(2), name: try row.text(3))
      }
    }.first
    cache.withLock { cache in
      guard let found else {
        cache[key] = nil
        return
      }
      if cache.count >= Self.capacity { cache.removeAll() }
      cache[key] = Entry(tenant: found, expiry: now.advanced(by: timeToLive))
    }
    return found
  }
}
