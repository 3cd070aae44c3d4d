// SPDX-License-Identifier: Apache-2.0
import Domain

/// A tenant's schema, ready to be put before table names. Every statement on a tenant's data is built
/// from one of these: there is no search path to fall back on.
struct TenantSchema: Hashable, Sendable {
  let identifier: PostgresIdentifier

  init(_ tenant: Tenant) throws(PostgresError) {
    guard let identifier = PostgresIdentifier(tenant.schema) else {
      throw PostgresError(sqlState: "3F000", message: "the tenant's schema name is not usable")
    }
    self.identifier = identifier
  }

  /// `"schema".table`.
  func table(_ name: String) -> String { "\(identifier.quoted).\(name)" }
}
