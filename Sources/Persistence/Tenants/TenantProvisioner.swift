// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Makes tenants: row, domains, schema and tables in one transaction, so that a tenant exists entirely or
/// not at all.
package struct TenantProvisioner: Sendable {
  /// Hosts that belong to the installation itself.
  package static let reservedDomains: Set<String> = ["api", "localhost"]

  let migrator: Migrator
  private var pool: PostgresPool { migrator.pool }

  /// - Parameter migrator: its tables are what a new schema gets; the public schema is migrated already.
  package init(migrator: Migrator) {
    self.migrator = migrator
  }

  /// - Throws: ``ProvisioningError``; then nothing was made.
  package func create(_ new: NewTenant) async throws(ProvisioningError) -> Tenant {
    let new = try new.validated()
    let outcome: Result<Tenant, ProvisioningError>
    do throws(StoreError) {
      outcome = try await pool.run(timeout: .seconds(300)) { connection throws(PostgresError) in
        let storage = try connection.chooseReadingStorage(migrator.timescale)
        do throws(PostgresError) {
          return .success(try create(new, storage: storage, on: connection))
        } catch {
          guard let refusal = Self.refusal(error) else { throw error }
          try connection.run(script: "ROLLBACK")
          return .failure(refusal)
        }
      }
    } catch {
      throw .store(error)
    }
    return try outcome.get()
  }

  private func create(
    _ new: NewTenant, storage: ReadingStorage, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Tenant {
    try connection.pipeline([
      .begin,
      Command("SELECT pg_advisory_xact_lock($1)", [.int8(AdvisoryLock.migrations)]),
    ])
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
    // Not IF NOT EXISTS: a schema that somebody else made is not taken over.
    if let identifier = PostgresIdentifier(new.schema) {
      try connection.run(script: "CREATE SCHEMA \(identifier.quoted)")
    }
    try migrator.apply(
      to: Migrator.Pending(schema: new.schema, version: 0), storage: storage, on: connection)
    try connection.query(.commit)
    return Tenant(id: id, slug: new.slug, schema: new.schema, name: new.name)
  }

  /// unique_violation by the constraint's name; duplicate_schema.
  private static func refusal(_ error: PostgresError) -> ProvisioningError? {
    switch (error.sqlState, error.constraint) {
    case ("23505", "tenants_tenant_slug_key"): .slugTaken
    case ("23505", "tenants_domain_domain_key"): .domainTaken
    case ("23505", "tenants_tenant_schema_name_key"), ("42P06", _): .schemaTaken
    default: nil
    }
  }
}

extension NewTenant {
  fileprivate func validated() throws(ProvisioningError) -> NewTenant {
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
    else { throw .invalid(field: "schema") }
    guard (1...100).contains(name.unicodeScalars.count) else { throw .invalid(field: "name") }
    var copy = self
    copy.domains = domains.map { $0.lowercased() }
    for domain in copy.domains {
      guard (1...253).contains(domain.utf8.count), domain.utf8.allSatisfy({ $0 > 0x20 }),
        !TenantProvisioner.reservedDomains.contains(domain)
      else { throw .invalid(field: "domain") }
    }
    return copy
  }
}

/// Why a tenant was not made.
package enum ProvisioningError: Error, Hashable, Sendable {
  case slugTaken
  case domainTaken
  /// The schema exists, as a tenant's or otherwise.
  case schemaTaken
  /// Not usable as it stands; the field's name in ``NewTenant``.
  case invalid(field: String)
  case store(StoreError)
}
