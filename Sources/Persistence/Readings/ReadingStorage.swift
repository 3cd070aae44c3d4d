// SPDX-License-Identifier: Apache-2.0
import Domain

/// How a tenant's readings are kept. Decided when the schema is made.
package enum ReadingStorage: Hashable, Sendable {
  /// A TimescaleDB hypertable with chunks of 7 days; the extension's objects are in this schema.
  case hypertable(extensionSchema: PostgresIdentifier)
  /// Native range partitions, one a month, made on demand.
  case partitions
}

/// Whether new schemas use TimescaleDB.
package enum TimescaleUse: Hashable, Sendable {
  /// Where the server has it loaded and the role may install it, or it is installed.
  case automatic
  case never
}

extension PostgresConnection {
  /// Decides how a new schema keeps its readings; installs the extension if need be. Not to be called
  /// inside a transaction.
  func chooseReadingStorage(_ use: TimescaleUse) throws(PostgresError) -> ReadingStorage {
    guard use == .automatic else { return .partitions }
    if let installed = try installedTimescale() { return installed }
    do throws(PostgresError) {
      // One without superuser may neither read the setting nor install: insufficient_privilege.
      let isLoaded = try rows(
        Command(
          """
          SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
            AND current_setting('shared_preload_libraries') LIKE '%timescaledb%'
          """)
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.bool(0) }
      guard isLoaded == [true] else { return .partitions }
      try run(script: "CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public")
    } catch {
      guard error.sqlState == "42501" else { throw error }
    }
    return try installedTimescale() ?? .partitions
  }

  func installedTimescale() throws(PostgresError) -> ReadingStorage? {
    let schemas = try rows(
      Command(
        """
        SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'timescaledb'
        """)
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0) }
    return schemas.first.flatMap(PostgresIdentifier.init).map {
      .hypertable(extensionSchema: $0)
    }
  }
}
