// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Tenants in PostgreSQL, as operators manage them.
package struct PostgresTenantRegistry: TenantRegistry {
  private let provisioner: TenantProvisioner
  private let directory: PostgresTenantDirectory
  private let memory: AccountMemory
  private var pool: PostgresPool { provisioner.migrator.pool }

  /// - Parameters:
  ///   - directory: forgets a tenant that was changed here.
  ///   - memory: forgets what a change here makes untrue.
  package init(
    provisioner: TenantProvisioner, directory: PostgresTenantDirectory, memory: AccountMemory
  ) {
    self.provisioner = provisioner
    self.directory = directory
    self.memory = memory
  }

  // MARK: Reading

  package func tenants() async throws(StoreError) -> [TenantRecord] {
    try await records("true", [])
  }

  package func record(of tenant: TenantSlug) async throws(StoreError) -> TenantRecord? {
    try await records("tenant.slug = $1", [.text(tenant.rawValue)]).first
  }

  private func records(
    _ condition: String, _ values: [PostgresValue]
  ) async throws(StoreError) -> [TenantRecord] {
    let command = Command(
      """
      SELECT \(TenantColumns.list), tenant.created_at, tenant.suspended_at,
        ARRAY(SELECT domain::text FROM public.tenants_domain domain
          WHERE domain.tenant_id = tenant.id ORDER BY is_primary DESC, id),
        (SELECT count(*) FROM public.accounts_membership membership
          WHERE membership.tenant_id = tenant.id AND membership.status = 'active')
      FROM public.tenants_tenant tenant WHERE \(condition) ORDER BY tenant.slug
      """, values)
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        let next = TenantColumns.count
        return TenantRecord(
          tenant: try TenantColumns.read(row), domains: try row.textArray(next + 2),
          createdAt: try row.timestamptz(next),
          suspendedAt: try row.optionalTimestamptz(next + 1),
          members: Int(try row.int8(next + 3)))
      }
    }
  }

  package func audit(
    of tenant: Tenant, _ page: PageRequest
  ) async throws(StoreError) -> Page<AuditEvent> {
    try await pool.run { connection throws(PostgresError) in
      try connection.page(
        AuditRows.list, from: "public.accounts_audit event", tenant: tenant.id, key: "event", page
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try AuditRows.read(row) }
    }
  }

  // MARK: Changing

  package func create(_ new: NewTenant, by actor: AuditActor) async throws(AccountError) -> Tenant {
    try await provisioner.create(new) { (tenant, connection) throws(PostgresError) in
      try connection.query(
        .audit(.tenantCreated, tenant: tenant.id, "tenant:\(tenant.id)", by: actor))
      return .success(tenant)
    }
  }

  package func rename(
    _ tenant: TenantSlug, to name: String, by actor: AuditActor
  ) async throws(AccountError) {
    try NewTenant.check(name: name)
    try await change(tenant) { (tenant, connection) throws(PostgresError) in
      guard tenant.name != name else { return .success(()) }
      try connection.pipeline([
        Command(
          "UPDATE public.tenants_tenant SET name = $2, updated_at = $3 WHERE id = $1",
          [.int8(tenant.id), .text(name), .timestamptz(actor.at)]),
        .audit(.tenantChanged, tenant: tenant.id, "tenant:\(tenant.id)", "name", by: actor),
      ])
      return .success(())
    }
  }

  package func setSuspended(
    _ suspended: Bool, _ tenant: TenantSlug, by actor: AuditActor
  ) async throws(AccountError) {
    try await change(tenant) { (tenant, connection) throws(PostgresError) in
      guard tenant.isSuspended != suspended else { return .success(()) }
      try connection.pipeline([
        Command(
          """
          UPDATE public.tenants_tenant SET status = $2, suspended_at = $3, updated_at = $4
          WHERE id = $1
          """,
          [
            .int8(tenant.id), .text(suspended ? "suspended" : "active"),
            .optional(suspended ? actor.at : nil), .timestamptz(actor.at),
          ]),
        .audit(
          suspended ? .tenantSuspended : .tenantResumed, tenant: tenant.id,
          "tenant:\(tenant.id)", by: actor),
      ])
      return .success(())
    }
  }

  package func delete(_ tenant: TenantSlug, by actor: AuditActor) async throws(AccountError) {
    try await change(tenant, apartFromMigrations: true) {
      (tenant, connection) throws(PostgresError) in
      let schema = try TenantSchema(tenant).identifier
      try connection.pipeline([
        Command("DELETE FROM public.tenants_tenant WHERE id = $1", [.int8(tenant.id)]),
        Command(
          "DELETE FROM public.schema_versions WHERE schema_name = $1", [.text(tenant.schema)]),
        .audit(
          .tenantDeleted, tenant: tenant.id, "tenant:\(tenant.id)", tenant.slug.rawValue,
          by: actor),
      ])
      try connection.run(script: "DROP SCHEMA \(schema.quoted) CASCADE")
      return .success(())
    }
  }

  package func addDomain(
    _ domain: String, to tenant: TenantSlug, isPrimary: Bool, by actor: AuditActor
  ) async throws(AccountError) {
    let domain = try NewTenant.folded(domain: domain)
    try await change(tenant) { (tenant, connection) throws(PostgresError) in
      var commands: [Command] = []
      if isPrimary {
        commands.append(
          Command(
            "UPDATE public.tenants_domain SET is_primary = false WHERE tenant_id = $1",
            [.int8(tenant.id)]))
      }
      commands.append(
        Command(
          """
          INSERT INTO public.tenants_domain (domain, tenant_id, is_primary)
          VALUES ($1, $2, $3 OR NOT EXISTS (
            SELECT FROM public.tenants_domain WHERE tenant_id = $2))
          """, [.text(domain), .int8(tenant.id), .bool(isPrimary)]))
      commands.append(
        .audit(.domainAdded, tenant: tenant.id, "tenant:\(tenant.id)", domain, by: actor))
      try connection.pipeline(commands)
      return .success(())
    }
  }

  package func removeDomain(
    _ domain: String, from tenant: TenantSlug, by actor: AuditActor
  ) async throws(AccountError) {
    let domain = domain.lowercased()
    try await change(tenant) { (tenant, connection) throws(PostgresError) in
      let removed = try connection.query(
        Command(
          "DELETE FROM public.tenants_domain WHERE tenant_id = $1 AND domain = $2",
          [.int8(tenant.id), .text(domain)]))
      guard removed > 0 else { return .failure(.notFound) }
      try connection.pipeline([
        // The oldest takes over where the primary one went.
        Command(
          """
          UPDATE public.tenants_domain SET is_primary = true
          WHERE id = (SELECT min(id) FROM public.tenants_domain WHERE tenant_id = $1)
            AND NOT EXISTS (
              SELECT FROM public.tenants_domain WHERE tenant_id = $1 AND is_primary)
          """, [.int8(tenant.id)]),
        .audit(.domainRemoved, tenant: tenant.id, "tenant:\(tenant.id)", domain, by: actor),
      ])
      return .success(())
    }
  }

  package func addMember(
    user: Int64, to tenant: TenantSlug, role: Role, by actor: AuditActor
  ) async throws(AccountError) {
    try await change(tenant) { (tenant, connection) throws(PostgresError) in
      guard try connection.user(.user(id: user)) != nil else { return .failure(.notFound) }
      let known = try connection.member(
        "membership.user_id = $1 AND membership.tenant_id = $2 FOR UPDATE OF membership",
        [.int8(user), .int8(tenant.id)])
      if let known, known.membership.status == .active { return .failure(.alreadyMember) }
      try connection.pipeline([
        Command(
          """
          INSERT INTO public.accounts_membership (user_id, tenant_id, role, joined_at, updated_at)
          VALUES ($1, $2, $3, $4, $4)
          ON CONFLICT (user_id, tenant_id) DO UPDATE SET role = EXCLUDED.role,
            status = 'active', joined_at = EXCLUDED.joined_at, updated_at = EXCLUDED.updated_at
          """, [.int8(user), .int8(tenant.id), .text(role.rawValue), .timestamptz(actor.at)]),
        .audit(
          .memberChanged, tenant: tenant.id, "user:\(user)", "added as \(role.rawValue)",
          by: actor),
      ])
      return .success(())
    }
  }

  /// Locks the tenant's row and changes what belongs to it; this process forgets what it knew.
  /// - Parameter apartFromMigrations: waits for a migrator, and keeps others away, before anything is locked.
  private func change(
    _ slug: TenantSlug, apartFromMigrations: Bool = false,
    _ body:
      @Sendable (Tenant, isolated PostgresConnection) throws(PostgresError) -> Result<
        Void, AccountError
      >
  ) async throws(AccountError) {
    defer { memory.forget() }
    let found: Tenant?
    do throws(StoreError) {
      found = try await pool.run { connection throws(PostgresError) in
        try Self.tenant(slug, on: connection)
      }
    } catch {
      throw .store(error)
    }
    guard let found else { throw .notFound }
    defer { directory.forget(found) }
    try await pool.change(timeout: .seconds(300)) {
      connection throws(PostgresError) -> Result<Void, AccountError> in
      if apartFromMigrations {
        try connection.query(
          Command("SELECT pg_advisory_xact_lock_shared($1)", [.int8(AdvisoryLock.migrations)]))
      }
      guard let tenant = try Self.tenant(slug, suffix: " FOR UPDATE", on: connection) else {
        return .failure(.notFound)
      }
      return try body(tenant, connection)
    }
  }

  private static func tenant(
    _ slug: TenantSlug, suffix: String = "", on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Tenant? {
    try connection.rows(
      Command(
        """
        SELECT \(TenantColumns.list) FROM public.tenants_tenant tenant
        WHERE tenant.slug = $1\(suffix)
        """, [.text(slug.rawValue)])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try TenantColumns.read(row) }.first
  }
}
