// SPDX-License-Identifier: Apache-2.0

/// Tenants as operators and their own admins manage them. Port: implemented by `Persistence`.
package protocol TenantRegistry: Sendable {
  /// Makes row, domains and schema, with all its tables, in one transaction.
  func create(_ new: NewTenant, by actor: AuditActor) async throws(AccountError) -> Tenant

  /// By slug, suspended ones too.
  func tenants() async throws(StoreError) -> [TenantRecord]

  func record(of tenant: TenantSlug) async throws(StoreError) -> TenantRecord?

  /// - Throws: `.notFound`, `.invalid` for `name`.
  func rename(_ tenant: TenantSlug, to name: String, by actor: AuditActor)
    async throws(AccountError)

  /// A suspended tenant's people, keys and messages are refused; its data stays.
  func setSuspended(
    _ suspended: Bool, _ tenant: TenantSlug, by actor: AuditActor
  ) async throws(AccountError)

  /// Drops the schema with all data; users remain.
  func delete(_ tenant: TenantSlug, by actor: AuditActor) async throws(AccountError)

  /// - Throws: `.notFound`, `.taken` or `.invalid` for `domain`.
  func addDomain(
    _ domain: String, to tenant: TenantSlug, isPrimary: Bool, by actor: AuditActor
  ) async throws(AccountError)

  /// - Throws: `.notFound` when the tenant does not have it.
  func removeDomain(
    _ domain: String, from tenant: TenantSlug, by actor: AuditActor
  ) async throws(AccountError)

  /// Adds a member without an invite.
  func addMember(
    user: Int64, to tenant: TenantSlug, role: Role, by actor: AuditActor
  ) async throws(AccountError)

  /// Newest first.
  func audit(
    of tenant: Tenant, _ page: PageRequest
  ) async throws(StoreError) -> Page<AuditEvent>
}

/// A tenant with what operators want to know.
package struct TenantRecord: Hashable, Sendable {
  package var tenant: Tenant
  /// The primary one first.
  package var domains: [String]
  package var createdAt: Timestamp
  package var suspendedAt: Timestamp?
  /// Active ones.
  package var members: Int

  package init(
    tenant: Tenant, domains: [String], createdAt: Timestamp, suspendedAt: Timestamp?, members: Int
  ) {
    self.tenant = tenant
    self.domains = domains
    self.createdAt = createdAt
    self.suspendedAt = suspendedAt
    self.members = members
  }
}
