// SPDX-License-Identifier: Apache-2.0
import Domain
import Foundation
import Persistence
import Services

/// A device of the sample tenant with five sensors, and a reading of each for every minute of a year,
/// rolled up by the server's own job.
struct YearOfReadings: Sendable {
  static let device = "YEAR-01"
  static let sensors = 5
  static let days = 365
  private static let schema = TestPoints.schema

  /// Midnight, UTC.
  let start: Timestamp
  /// The minute in which it was made: nothing was measured from here on.
  let end: Timestamp

  /// - Parameter house: its sample tenant gets them.
  init(in house: House, _ report: Report) async throws {
    let minute: Int64 = 60_000_000
    let now = TestPoints.now.microseconds
    end = Timestamp(microseconds: now - now % minute)
    let day = 1_440 * minute
    start = Timestamp(microseconds: now - now % day - Int64(Self.days) * day)
    try await house.pool.run { connection throws(PostgresError) in
      try connection.run(script: Self.catalogue)
    }
    try await makeRoom(in: house)
    let begun = ContinuousClock.now
    try await fill(house.pool)
    let loaded = ContinuousClock.now
    let job = RollupJob(pool: house.pool, clock: WallClock { TestPoints.now }, hoursPerTurn: 480)
    while try await job.run(for: house.tenant).hasMore {}
    let rolledUp = ContinuousClock.now
    // As autovacuum does in time.
    for table in ["readings", "5m", "hourly", "daily"] {
      // What of these is a view has tables of its own, which autovacuum knows.
      try await house.pool.run(timeout: .seconds(600)) { connection throws(PostgresError) in
        try connection.run(script: "ANALYZE \(Self.schema).telemetry_\(table)")
      }
    }
    report.note(
      "\(Self.sensors) sensors × \(Self.days) days, one reading a minute, \(house.storage): loaded"
        + " by SQL in \(Int((loaded - begun).inSeconds)) s, rolled up by the job in"
        + " \(Int((rolledUp - loaded).inSeconds)) s")
  }

  private static let catalogue = """
    INSERT INTO \(schema).assets_device
      (asset_id, mqtt_client_id, name, serial_number, device_type, firmware_version)
    SELECT min(id), '\(device)', 'A year of readings', '\(device)', 'CONTROLLER', '1.0'
    FROM \(schema).assets_asset;
    INSERT INTO \(schema).assets_sensor (device_id, tag, metric_type, unit, min_value, max_value)
    SELECT device.id, 'temp_' || number, 'temp_supply', '°C', -40, 125
    FROM \(schema).assets_device device, generate_series(0, \(sensors - 1)) number
    WHERE device.mqtt_client_id = '\(device)';
    """

  /// The store makes partitions for the months of what it is given.
  private func makeRoom(in house: House) async throws {
    guard let device = DeviceID(Self.device) else { throw BenchError("device") }
    let sensors = try await PostgresSensorCatalogue(pool: house.pool).sensors(
      matching: SensorFilter(devices: [device], sensors: [], types: []), of: house.tenant)
    guard let sensor = sensors.first else { throw BenchError("no sensors") }
    let readings = (0...Self.days).map { day in
      ValidReading(
        sensor: sensor, value: 20, timestamp: start.advanced(by: .seconds(day * 86_400)))
    }
    _ = try await PostgresReadingStore(pool: house.pool, codec: JournalBlockCodec()).commit(
      TenantBatch(
        tenant: house.tenant, readings: readings, quarantined: [], receivedAt: TestPoints.now))
  }

  private func fill(_ pool: PostgresPool) async throws {
    let range: [PostgresValue] = [.timestamptz(start), .timestamptz(end)]
    let commands = [
      Command(
        """
        INSERT INTO \(Self.schema).telemetry_readings (sensor_id, "timestamp", value, unit)
        SELECT sensor.id, minute,
          20 + floor(1000 * sin(extract(epoch FROM minute) / 13751 + sensor.id)) / 100, '°C'
        FROM generate_series($1, $2 - interval '1 minute', interval '1 minute') minute
        CROSS JOIN \(Self.sensorIDs) sensor
        ON CONFLICT DO NOTHING
        """, range),
      Command(
        """
        INSERT INTO \(Self.schema).telemetry_dirty_hours (hour)
        SELECT date_bin('1 hour', hour, 'epoch')
        FROM generate_series($1, $2, interval '1 hour') hour
        ON CONFLICT DO NOTHING
        """, range),
      Command(
        """
        INSERT INTO \(Self.schema).ingest_sensorstatus (sensor_id, last_value, last_timestamp)
        SELECT sensor.id, 21.5, $1 - interval '1 minute' FROM \(Self.sensorIDs) sensor
        ON CONFLICT (sensor_id) DO UPDATE SET last_timestamp = EXCLUDED.last_timestamp
        """, [.timestamptz(end)]),
    ]
    try await pool.run(timeout: .seconds(600)) { connection throws(PostgresError) in
      for command in commands { try connection.query(command) }
    }
  }

  /// SQL: the ids of the sensors, as a table.
  private static let sensorIDs = """
    (SELECT sensor.id FROM \(schema).assets_sensor sensor
      JOIN \(schema).assets_device device ON device.id = sensor.device_id
      WHERE device.mqtt_client_id = '\(device)')
    """
}
