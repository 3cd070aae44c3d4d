// SPDX-License-Identifier: Apache-2.0

/// One customer of the installation; owns one database schema.
package struct Tenant: Hashable, Sendable {
  /// Primary key in `public.tenants_tenant`.
  package let id: Int64
  package let slug: TenantSlug
  /// Name of the tenant's PostgreSQL schema, unquoted.
  package let schema: String
  /// Display name.
  package let name: String
  /// Nobody may use it for the time being.
  package let isSuspended: Bool

  package init(
    id: Int64, slug: TenantSlug, schema: String, name: String, isSuspended: Bool = false
  ) {
    self.id = id
    self.slug = slug
    self.schema = schema
    self.name = name
    self.isSuspended = isSuspended
  }
}
