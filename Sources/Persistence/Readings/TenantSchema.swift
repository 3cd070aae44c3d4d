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

  /// The schema that a statement is about: the first name in quotes in front of a dot. Nothing else is written
  /// so, ``table(_:)`` is always.
  static func name(in sql: String) -> String? {
    let quote = UInt8(ascii: "\"")
    var rest = sql.utf8[...]
    while let open = rest.firstIndex(of: quote) {
      let name = rest[rest.index(after: open)...]
      guard let close = name.firstIndex(of: quote) else { return nil }
      rest = name[name.index(after: close)...]
      if rest.first == UInt8(ascii: ".") { return String(Substring(name[..<close])) }
    }
    return nil
  }
}
