// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Makes tenants: row, domains, schema and tables in one transaction, so that a tenant exists entirely or
/// not at all.
package struct TenantProvisioner: Sendable {
  /// Hosts that belong to the installation itself.
  package static let reservedDomains: Set<String> = ["api", "localhost"]

  let migrator: Migrator

  /// - Parameter migrator: its tables are what a new schema gets; the public schema is migrated already.
  package init(migrator: Migrator) {
    self.migrator = migrator
  }

  /// - Throws: `.taken` for `tenant_slug` (its schema counts too) or `domain`, `.invalid`; then nothing was
  ///   made.
  package func create(_ new: NewTenant) async throws(AccountError) -> Tenant {
    try await create(new) { (tenant, _) throws(PostgresError) in .success(tenant) }
  }

  /// Makes a tenant, and what else belongs to it, in one transaction.
  /// - Parameter body: runs when the rows are there and before the schema is made: what it refuses costs
  ///   little.
  func create<Value: Sendable>(
    _ new: NewTenant,
    _ body:
      @Sendable (Tenant, isolated PostgresConnection) throws(PostgresError) -> Result<
        Value, AccountError
      >
  ) async throws(AccountError) -> Value {
    let new = try new.validated()
    let storage: ReadingStorage
    do throws(StoreError) {
      storage = try await migrator.pool.run { connection throws(PostgresError) in
        try connection.chooseReadingStorage(migrator.timescale)
      }
    } catch {
      throw .store(error)
    }
    return try await migrator.pool.change(timeout: .seconds(300)) {
      connection throws(PostgresError) in
      let tenant = try insert(new, on: connection)
      let outcome = try body(tenant, connection)
      if case .success = outcome { try makeSchema(of: tenant, storage, on: connection) }
      return outcome
    }
  }

  private func insert(
    _ new: NewTenant, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Tenant {
    // Shared: tenants may be made at the same time, but not while a migrator is at work, who would miss
    // this one.
    try connection.query(
      Command("SELECT pg_advisory_xact_lock_shared($1)", [.int8(AdvisoryLock.migrations)]))
    let ids = try connection.rows(
      Command(
        """
        INSERT INTO public.tenants_tenant (schema_name, slug, name) VALUES ($1, $2, $3)
        RETURNING id
        """, [.text(new.schema), .text(new.slug.rawValue), .text(new.name)])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
    guard let id = ids.first else { throw .unexpected("no id for the new tenant") }
    try connection.query(
      Command(
        """
        INSERT INTO public.tenants_domain (domain, tenant_id, is_primary)
        SELECT domain, $2, number = 1 FROM unnest($1) WITH ORDINALITY AS new (domain, number)
        """, [.textArray(new.domains), .int8(id)]))
    return Tenant(id: id, slug: new.slug, schema: new.schema, name: new.name)
  }

  private func makeSchema(
    of tenant: Tenant, _ storage: ReadingStorage, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    // Not IF NOT EXISTS: a schema that somebody else made is not taken over.
    try connection.run(script: "CREATE SCHEMA \(TenantSchema(tenant).identifier.quoted)")
    try migrator.apply(
      to: Migrator.Pending(schema: tenant.schema, version: 0), storage: storage, on: connection)
  }
}

extension NewTenant {
  /// With folded domains.
  fileprivate func validated() throws(AccountError) -> NewTenant {
    let isSchemaName =
      schema.utf8.count <= 63 && schema.first?.isLetter == true
      && schema.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
    // `pg_` is PostgreSQL's own; the other two exist in every database.
    guard isSchemaName, !schema.hasPrefix("pg_"), schema != "public",
      schema != "information_schema"
    else {
      throw .invalid(
        field: "tenant_slug", "must start with a letter, and not be a name that PostgreSQL uses")
    }
    try Self.check(name: name)
    var copy = self
    copy.domains = []
    for domain in domains { copy.domains.append(try Self.folded(domain: domain)) }
    return copy
  }

  /// Display names have 1–100 characters.
  static func check(name: String) throws(AccountError) {
    guard (1...100).contains(name.unicodeScalars.count) else {
      throw .invalid(field: "name", "must have 1 to 100 characters")
    }
  }

  /// A host name as it is stored.
  static func folded(domain: String) throws(AccountError) -> String {
    let folded = domain.lowercased()
    guard (1...253).contains(folded.utf8.count), folded.utf8.allSatisfy({ $0 > 0x20 }) else {
      throw .invalid(field: "domain", "is not a host name")
    }
    guard !TenantProvisioner.reservedDomains.contains(folded) else {
      throw .invalid(field: "domain", "belongs to the installation itself")
    }
    return folded
  }
}
