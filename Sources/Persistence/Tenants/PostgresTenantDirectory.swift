// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Tenants of the public schema, remembered for a short while. Only hits are remembered: a new tenant is
/// visible at once, and names that do not exist cannot fill the memory.
package final class PostgresTenantDirectory: TenantDirectory {
  private enum Key: Hashable {
    case slug(TenantSlug)
    case host(String)
  }

  private let pool: PostgresPool
  private let memory: ShortMemory<Key, Tenant>

  /// - Parameter timeToLive: how long a tenant that another process renamed, suspended or removed may still
  ///   be seen. Default 10 s.
  package init(pool: PostgresPool, clock: WallClock, timeToLive: Duration = .seconds(10)) {
    self.pool = pool
    // 10,000 tenants are some 3 MB.
    memory = ShortMemory(capacity: 10_000, timeToLive: timeToLive, clock: clock)
  }

  /// Looks the tenant up again when it is next asked for.
  package func forget(_ tenant: Tenant) {
    memory.forget { $0.id == tenant.id }
  }

  package func tenant(slug: TenantSlug) async throws(StoreError) -> Tenant? {
    try await tenant(
      .slug(slug),
      Command(
        "SELECT \(TenantColumns.list) FROM public.tenants_tenant tenant WHERE tenant.slug = $1",
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
        SELECT \(TenantColumns.list) FROM public.tenants_domain domain
        JOIN public.tenants_tenant tenant ON tenant.id = domain.tenant_id WHERE domain.domain = $1
        """, [.text(folded)]))
  }

  private func tenant(_ key: Key, _ command: Command) async throws(StoreError) -> Tenant? {
    try await memory.value(key) { () async throws(StoreError) in
      try await pool.run { connection throws(PostgresError) in
        try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
          try TenantColumns.read(row)
        }
      }.first
    }
  }
}
