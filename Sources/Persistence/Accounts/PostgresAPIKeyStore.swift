// SPDX-License-Identifier: Apache-2.0
package import Domain

/// API keys in PostgreSQL.
package struct PostgresAPIKeyStore: APIKeyStore {
  /// How exact a key's last use is: one write a minute, however busy it is.
  private static let usePrecision: Duration = .seconds(60)

  private let pool: PostgresPool
  private let memory: AccountMemory

  package init(pool: PostgresPool, memory: AccountMemory) {
    self.pool = pool
    self.memory = memory
  }

  package func find(
    prefix: String, at now: Timestamp
  ) async throws(StoreError) -> StoredAPIKey? {
    let stored = try await memory.keys.value(prefix) { () async throws(StoreError) in
      try await pool.run { connection throws(PostgresError) in
        let found = try connection.rows(
          Command(
            """
            SELECT \(APIKeyColumns.list), \(TenantColumns.list), key.secret_digest
            FROM public.accounts_apikey key
            JOIN public.tenants_tenant tenant ON tenant.id = key.tenant_id
            WHERE key.prefix = $1 AND key.revoked_at IS NULL AND tenant.status = 'active'
            """, [.text(prefix)])
        ) { (row: borrowing PostgresRow) throws(PostgresError) in
          StoredAPIKey(
            key: try APIKeyColumns.read(row),
            tenant: try TenantColumns.read(row, from: APIKeyColumns.count),
            digest: SecretDigest(
              bytes: try row.bytea(APIKeyColumns.count + TenantColumns.count)))
        }.first
        guard let found, found.key.isValid(at: now) else { return nil }
        try Self.noteUse(of: found.key, at: now, on: connection)
        return found
      }
    }
    guard let stored, stored.key.isValid(at: now) else { return nil }
    return stored
  }

  private static func noteUse(
    of key: APIKey, at now: Timestamp, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    if let last = key.lastUsedAt, now < last.advanced(by: usePrecision) { return }
    let before = now.advanced(by: .zero - usePrecision)
    try connection.query(
      Command(
        """
        UPDATE public.accounts_apikey SET last_used_at = $2
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)
        """, [.int8(key.id), .timestamptz(now), .timestamptz(before)]))
  }

  package func keys(of tenant: Tenant) async throws(StoreError) -> [APIKey] {
    let command = Command(
      """
      SELECT \(APIKeyColumns.list) FROM public.accounts_apikey key
      WHERE key.tenant_id = $1 ORDER BY key.id DESC
      """, [.int8(tenant.id)])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        try APIKeyColumns.read(row)
      }
    }
  }

  // MARK: Changing

  package func create(
    _ new: NewAPIKey, for tenant: Tenant, by actor: AuditActor
  ) async throws(AccountError) -> APIKey {
    try await pool.change { connection throws(PostgresError) in
      let key = try Self.insert(new, tenant, by: actor, on: connection)
      try connection.query(
        .audit(
          .apiKeyCreated, tenant: tenant.id, "api_key:\(key.id)",
          "scopes: " + Self.texts(new.scopes).joined(separator: ", "), by: actor))
      return .success(key)
    }
  }

  package func rotate(
    id: Int64, of tenant: Tenant, prefix: String, digest: SecretDigest, overlap: Duration,
    by actor: AuditActor
  ) async throws(AccountError) -> APIKey {
    defer { memory.forget() }
    return try await pool.change { connection throws(PostgresError) in
      guard let old = try Self.lock(id, of: tenant, on: connection) else {
        return .failure(.notFound)
      }
      guard old.isValid(at: actor.at) else { return .failure(.notPending) }
      // As long a life as the old one was given.
      let expiresAt = old.expiresAt.map { actor.at.advanced(by: $0.since(old.createdAt)) }
      let new = NewAPIKey(
        name: old.name, prefix: prefix, digest: digest, scopes: old.scopes, expiresAt: expiresAt)
      let key = try Self.insert(new, tenant, by: actor, on: connection)
      let end = actor.at.advanced(by: overlap)
      try connection.pipeline([
        Command(
          "UPDATE public.accounts_apikey SET expires_at = $2 WHERE id = $1",
          [.int8(id), .timestamptz(min(end, old.expiresAt ?? end))]),
        .audit(
          .apiKeyRotated, tenant: tenant.id, "api_key:\(id)", "replaced by api_key:\(key.id)",
          by: actor),
      ])
      return .success(key)
    }
  }

  package func revoke(
    id: Int64, of tenant: Tenant, by actor: AuditActor
  ) async throws(AccountError) {
    defer { memory.forget() }
    try await pool.change { connection throws(PostgresError) -> Result<Void, AccountError> in
      guard let key = try Self.lock(id, of: tenant, on: connection) else {
        return .failure(.notFound)
      }
      guard key.revokedAt == nil else { return .success(()) }
      try connection.pipeline([
        Command(
          "UPDATE public.accounts_apikey SET revoked_at = $2 WHERE id = $1",
          [.int8(id), .timestamptz(actor.at)]),
        .audit(.apiKeyRevoked, tenant: tenant.id, "api_key:\(id)", by: actor),
      ])
      return .success(())
    }
  }

  private static func lock(
    _ id: Int64, of tenant: Tenant, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> APIKey? {
    try connection.rows(
      Command(
        """
        SELECT \(APIKeyColumns.list) FROM public.accounts_apikey key
        WHERE key.id = $1 AND key.tenant_id = $2 FOR UPDATE
        """, [.int8(id), .int8(tenant.id)])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try APIKeyColumns.read(row) }.first
  }

  private static func insert(
    _ new: NewAPIKey, _ tenant: Tenant, by actor: AuditActor,
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> APIKey {
    let made = try connection.rows(
      Command(
        """
        INSERT INTO public.accounts_apikey AS key
          (tenant_id, name, prefix, secret_digest, scopes, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING \(APIKeyColumns.list)
        """,
        [
          .int8(tenant.id), .text(new.name), .text(new.prefix), .bytea(new.digest.bytes),
          .textArray(texts(new.scopes)), .timestamptz(actor.at), .optional(new.expiresAt),
        ])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try APIKeyColumns.read(row) }.first
    guard let made else { throw .unexpected("no row for the new key") }
    return made
  }

  private static func texts(_ scopes: Set<APIKeyScope>) -> [String] {
    scopes.map(\.rawValue).sorted()
  }
}

/// The columns of an ``APIKey``, of a table that the statement calls `key`.
private enum APIKeyColumns {
  static let list = """
    key.id, key.tenant_id, key.name, key.prefix, key.scopes, key.created_at, key.expires_at,
    key.revoked_at, key.last_used_at
    """
  static let count = 9

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> APIKey {
    APIKey(
      id: try row.int8(0), tenant: try row.int8(1), name: try row.text(2),
      prefix: try row.text(3), scopes: Set(try row.textArray(4).compactMap(APIKeyScope.init)),
      createdAt: try row.timestamptz(5), expiresAt: try row.optionalTimestamptz(6),
      revokedAt: try row.optionalTimestamptz(7), lastUsedAt: try row.optionalTimestamptz(8))
  }
}
