// SPDX-License-Identifier: Apache-2.0
package import Domain

/// The one row of a tenant's `telemetry_settings`.
package struct PostgresTelemetrySettings: TelemetrySettingsStore {
  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func settings(of tenant: Tenant) async throws(StoreError) -> TelemetrySettings {
    let schema = try tenantSchema(tenant)
    return try await pool.run { connection throws(PostgresError) in
      try Self.read(schema, on: connection)
    }
  }

  package func set(
    rawDays: Int?, compressAfterDays: Int?, for tenant: Tenant
  ) async throws(StoreError) -> TelemetrySettings {
    let schema = try tenantSchema(tenant)
    let command = Command(
      """
      UPDATE \(schema.table("telemetry_settings"))
      SET raw_days = $1, compress_after_days = $2, updated_at = now()
      """, [Self.value(rawDays), Self.value(compressAfterDays)])
    return try await pool.run { connection throws(PostgresError) in
      try connection.query(command)
      return try Self.read(schema, on: connection)
    }
  }

  static func read(
    _ schema: TenantSchema, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> TelemetrySettings {
    let command = Command(
      """
      SELECT coalesce(settings.raw_days, 0), coalesce(settings.compress_after_days, 0),
        readings.relkind = 'r', isfinite(settings.kept_from), settings.kept_from,
        settings.retained_at IS NOT NULL, coalesce(settings.retained_at, 'epoch')
      FROM \(schema.table("telemetry_settings")) settings
      JOIN pg_class readings ON readings.oid = to_regclass($1)
      """, [.text(schema.table("telemetry_readings"))])
    let rows = try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
      let (rawDays, compressAfter) = (Int(try row.int4(0)), Int(try row.int4(1)))
      return TelemetrySettings(
        rawDays: rawDays == 0 ? nil : rawDays,
        compressAfterDays: compressAfter == 0 ? nil : compressAfter, canCompress: try row.bool(2),
        keptFrom: try row.bool(3) ? try row.timestamptz(4) : nil,
        appliedAt: try row.bool(5) ? try row.timestamptz(6) : nil)
    }
    guard let settings = rows.first else {
      throw .unexpected("the tenant's telemetry settings are missing")
    }
    return settings
  }

  private static func value(_ days: Int?) -> PostgresValue {
    days.map { .int4(Int32(clamping: $0)) } ?? .null(.int4)
  }

  private func tenantSchema(_ tenant: Tenant) throws(StoreError) -> TenantSchema {
    do throws(PostgresError) { return try TenantSchema(tenant) } catch { throw StoreError(error) }
  }
}
