// SPDX-License-Identifier: Apache-2.0
package import Domain

/// The catalogue in a tenant's schema; each question is one statement. An inactive device or sensor is as
/// good as none.
package struct PostgresSensorCatalogue: SensorCatalogue {
  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func sensors(
    at addresses: Set<SensorAddress>, of tenant: Tenant
  ) async throws(StoreError) -> [SensorAddress: SensorLookup] {
    guard !addresses.isEmpty else { return [:] }
    let wanted = Array(addresses)
    let schema = try tenantSchema(tenant)
    let command = Command(
      """
      SELECT wanted.number, device.id IS NOT NULL, sensor.id IS NOT NULL, \(SensorColumns.list)
      FROM unnest($1, $2) WITH ORDINALITY AS wanted (device, sensor, number)
      LEFT JOIN \(schema.table("assets_device")) device
        ON device.mqtt_client_id = wanted.device AND device.is_active
      LEFT JOIN \(schema.table("assets_sensor")) sensor
        ON sensor.device_id = device.id AND sensor.tag = wanted.sensor AND sensor.is_active
      """,
      [
        .textArray(wanted.map(\.device.rawValue)), .textArray(wanted.map(\.sensor.rawValue)),
      ])
    return try await pool.run { connection throws(PostgresError) in
      var answers: [SensorAddress: SensorLookup] = [:]
      try connection.query(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        let address = wanted[Int(try row.int8(0)) - 1]
        if try row.bool(2) {
          answers[address] = .found(try SensorColumns.read(row, from: 3))
        } else {
          answers[address] = try row.bool(1) ? .unknownSensor : .unknownDevice
        }
      }
      return answers
    }
  }

  package func sensors(
    matching filter: SensorFilter, of tenant: Tenant
  ) async throws(StoreError) -> [Sensor] {
    let schema = try tenantSchema(tenant)
    let command = Command(
      """
      SELECT \(SensorColumns.list)
      FROM \(schema.table("assets_device")) device
      JOIN \(schema.table("assets_sensor")) sensor ON sensor.device_id = device.id
      WHERE device.is_active AND sensor.is_active
        AND (cardinality($1) = 0 OR device.mqtt_client_id = ANY ($1))
        AND (cardinality($2) = 0 OR sensor.tag = ANY ($2))
        AND (cardinality($3) = 0 OR sensor.metric_type = ANY ($3))
      ORDER BY sensor.id
      """,
      [
        .textArray(filter.devices.map(\.rawValue)), .textArray(filter.sensors.map(\.rawValue)),
        .textArray(filter.types.sorted()),
      ])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        try SensorColumns.read(row)
      }
    }
  }

  package func hasDevice(
    _ device: DeviceID, of tenant: Tenant
  ) async throws(StoreError) -> Bool {
    let schema = try tenantSchema(tenant)
    let command = Command(
      """
      SELECT FROM \(schema.table("assets_device")) WHERE mqtt_client_id = $1 AND is_active
      """, [.text(device.rawValue)])
    return try await pool.run { connection throws(PostgresError) in
      try connection.query(command) > 0
    }
  }

  private func tenantSchema(_ tenant: Tenant) throws(StoreError) -> TenantSchema {
    do throws(PostgresError) { return try TenantSchema(tenant) } catch { throw StoreError(error) }
  }
}
