// SPDX-License-Identifier: Apache-2.0
import Domain

/// The columns of a ``Tenant``, of a table that the statement calls `tenant`.
enum TenantColumns {
  static let list =
    "tenant.id, tenant.slug, tenant.schema_name, tenant.name, tenant.status <> 'active'"
  static let count = 5

  static func read(
    _ row: borrowing PostgresRow, from first: Int = 0
  ) throws(PostgresError) -> Tenant {
    guard let slug = TenantSlug(try row.text(first + 1)) else {
      throw .unexpected("a tenant's slug is not usable")
    }
    return Tenant(
      id: try row.int8(first), slug: slug, schema: try row.text(first + 2),
      name: try row.text(first + 3), isSuspended: try row.bool(first + 4))
  }
}
