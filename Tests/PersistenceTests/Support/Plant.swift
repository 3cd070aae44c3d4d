// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

/// A tenant with the sample hospital's catalogue under its own name.
struct Plant: Sendable {
  let tenant: Tenant
  let database: TestDatabase
  /// Of device ESP32-01, by key.
  let sensors: [Sensor]

  static func make(_ slug: String, in database: TestDatabase) async throws -> Plant {
    let tenant = try await database.provisioner.create(
      NewTenant(
        slug: try #require(TenantSlug(slug)), name: slug.uppercased(),
        domains: ["\(slug).localhost"]))
    let schema = try TenantSchema(tenant).identifier.quoted
    try await database.run(
      """
      INSERT INTO \(schema).assets_site (name) VALUES ('Site');
      INSERT INTO \(schema).assets_asset (site_id, tag, asset_type) VALUES (1, 'CH-001', 'CHILLER');
      INSERT INTO \(schema).assets_device (asset_id, mqtt_client_id, name, serial_number)
        VALUES (1, 'ESP32-01', 'one', '1'), (1, 'ESP32-02', 'two', '2');
      INSERT INTO \(schema).assets_sensor (device_id, tag, metric_type, unit, min_value, max_value)
        SELECT d, 'temp_00' || n, CASE n WHEN 1 THEN 'temp_supply' ELSE 'temp_return' END, '°C',
          -40, 125
        FROM generate_series(1, 2) d, generate_series(1, 3) n ORDER BY 1, 2;
      """)
    let sensors = try await database.catalogue.sensors(
      matching: SensorFilter(devices: [device]), of: tenant)
    return Plant(tenant: tenant, database: database, sensors: sensors)
  }

  var keys: [Int64] { sensors.map(\.key) }

  static var device: DeviceID { get throws { try #require(DeviceID("ESP32-01")) } }

  func reading(_ sensor: Int, _ value: Double, at timestamp: Timestamp) -> ValidReading {
    ValidReading(sensor: sensors[sensor], value: value, timestamp: timestamp)
  }

  func batch(_ readings: [ValidReading], _ quarantined: [QuarantinedPoint] = []) -> TenantBatch {
    TenantBatch(tenant: tenant, readings: readings, quarantined: quarantined, receivedAt: noon)
  }

  func count(_ table: String, where condition: String = "true") async throws -> Int64? {
    let schema = try TenantSchema(tenant).table(table)
    return try await database.integer("SELECT count(*) FROM \(schema) WHERE \(condition)")
  }

  /// Sum of a column of the ledger.
  func ledger(_ column: String) async throws -> Int64? {
    let schema = try TenantSchema(tenant).table("ingest_ledger")
    return try await database.integer("SELECT sum(\(column))::bigint FROM \(schema)")
  }
}
