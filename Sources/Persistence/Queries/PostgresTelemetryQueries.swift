// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Questions about readings in a tenant's schema.
package struct PostgresTelemetryQueries: TelemetryQueries {
  let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func sensors(
    ofAsset tag: String, of tenant: Tenant
  ) async throws(StoreError) -> [Sensor]? {
    let schema = try tenantSchema(tenant)
    let asset = Command(
      "SELECT FROM \(schema.table("assets_asset")) WHERE upper(tag) = upper($1) AND is_active",
      [.text(tag)])
    let sensors = Command(
      """
      SELECT \(SensorColumns.list)
      FROM \(schema.table("assets_asset")) asset
      JOIN \(schema.table("assets_device")) device ON device.asset_id = asset.id
      JOIN \(schema.table("assets_sensor")) sensor ON sensor.device_id = device.id
      WHERE upper(asset.tag) = upper($1) AND asset.is_active AND device.is_active
        AND sensor.is_active
      ORDER BY sensor.id
      """, [.text(tag)])
    return try await pool.run { connection throws(PostgresError) in
      var found: [Sensor] = []
      let counts = try connection.pipeline([asset, sensors]) {
        (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
        if number == 1 { found.append(try SensorColumns.read(row)) }
      }
      return counts.first == 0 ? nil : found
    }
  }

  package func totals(
    of sensors: [Int64], in range: Range<Timestamp>, tenant: Tenant
  ) async throws(StoreError) -> [ReadingTotals] {
    let schema = try tenantSchema(tenant)
    guard !sensors.isEmpty, !range.isEmpty else { return [] }
    return try await pool.run { connection throws(PostgresError) in
      var snapshot = RollupSnapshot()
      try snapshot.open(schema, range, on: connection)
      let plan = RollupPlan(
        snapshot.start(for: range.lowerBound)..<range.upperBound, level: .day,
        dirtyHours: snapshot.dirtyHours)
      var sums = BucketSums()
      try connection.pipeline(
        plan.pieces.map { $0.sums(of: sensors, schema: schema, width: nil) } + [.commit]
      ) { (_: Int, row: borrowing PostgresRow) throws(PostgresError) in try sums.add(row) }
      return sums.take(after: nil).map {
        ReadingTotals(
          sensorKey: $0.sensorKey, average: $0.average, minimum: $0.minimum, maximum: $0.maximum,
          last: $0.last, count: $0.count)
      }
    }
  }

  /// Statistics come from the readings themselves, because deviations cannot be made of sums.
  package func state(
    of device: DeviceID, statisticsSince since: Timestamp, tenant: Tenant
  ) async throws(StoreError) -> DeviceState? {
    let schema = try tenantSchema(tenant)
    let known = Command(
      """
      SELECT device.id, device.offline_after_seconds, seen.last_seen
      FROM \(schema.table("assets_device")) device
      LEFT JOIN \(schema.table("ingest_devicestatus")) seen ON seen.device_id = device.id
      WHERE device.mqtt_client_id = $1 AND device.is_active
      """, [.text(device.rawValue)])
    let sensors = Command(
      """
      SELECT \(SensorColumns.list), status.last_value, status.last_timestamp,
        totals.average, totals.minimum, totals.maximum, totals.last, totals.count,
        totals.deviation, \(CatalogueTables.isBeyondThresholds)
      FROM \(schema.table("assets_device")) device
      JOIN \(schema.table("assets_sensor")) sensor ON sensor.device_id = device.id
      LEFT JOIN \(schema.table("ingest_sensorstatus")) status ON status.sensor_id = sensor.id
      CROSS JOIN LATERAL (
        SELECT avg(value) AS average, min(value) AS minimum, max(value) AS maximum,
          status.last_value AS last, count(*) AS count, stddev_samp(value) AS deviation
        FROM \(schema.table("telemetry_readings")) reading
        WHERE reading.sensor_id = sensor.id AND reading."timestamp" >= $2
      ) totals
      WHERE device.mqtt_client_id = $1 AND device.is_active AND sensor.is_active
      ORDER BY sensor.id
      """, [.text(device.rawValue), .timestamptz(since)])
    return try await pool.run { connection throws(PostgresError) in
      var device: (key: Int64, timeout: Duration, lastSeen: Timestamp?)?
      var states: [DeviceState.SensorState] = []
      try connection.pipeline([known, sensors]) {
        (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
        if number == 0 {
          device = (
            try row.int8(0), .seconds(try row.int4(1)), try row.optionalTimestamptz(2)
          )
        } else {
          states.append(try Self.state(row))
        }
      }
      return device.map {
        DeviceState(
          deviceKey: $0.key, timeout: $0.timeout, lastSeen: $0.lastSeen, sensors: states)
      }
    }
  }

  private static func state(
    _ row: borrowing PostgresRow
  ) throws(PostgresError) -> DeviceState.SensorState {
    let sensor = try SensorColumns.read(row)
    let base = SensorColumns.count
    guard let value = try row.optionalFloat8(base) else {
      return DeviceState.SensorState(sensor: sensor, newest: nil, totals: nil)
    }
    let newest = LatestReading(
      sensor: sensor, value: value, timestamp: try row.timestamptz(base + 1))
    let isBeyond = try row.bool(base + 8)
    guard let average = try row.optionalFloat8(base + 2) else {
      return DeviceState.SensorState(
        sensor: sensor, newest: newest, isBeyondThresholds: isBeyond, totals: nil)
    }
    return DeviceState.SensorState(
      sensor: sensor, newest: newest, isBeyondThresholds: isBeyond,
      totals: ReadingTotals(
        sensorKey: sensor.key, average: average, minimum: try row.float8(base + 3),
        maximum: try row.float8(base + 4), last: try row.float8(base + 5),
        count: try row.int8(base + 6), deviation: try row.optionalFloat8(base + 7)))
  }

  package func statusChanges(
    of sensors: [Int64], in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]? {
    let changes = StatusChanges(schema: try tenantSchema(tenant))
    // One more, to see that there are more; and those that say the same thing twice.
    let most = limit + 1 + 3 * sensors.count
    return try await condensed(
      changes.command(of: sensors, in: range, limit: most), most, range, limit: limit)
  }

  package func statusChanges(
    ofDevice device: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]? {
    let changes = StatusChanges(schema: try tenantSchema(tenant))
    let most = limit + 1 + 3 * Self.sensorsOfADevice
    return try await condensed(
      changes.command(ofDevice: device, in: range, limit: most), most, range, limit: limit)
  }

  package func statusRecord(
    of sensor: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> StatusRecord? {
    // One more, and those that say the same thing twice: 3 changes, and 2 warnings before the range.
    let most = limit + 1 + 5
    let command = StatusChanges(schema: try tenantSchema(tenant)).record(
      of: sensor, in: range, limit: most)
    var changes: [StatusChange] = []
    var warnings: [WarningChange] = []
    for row in try await pool.run({ connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        (
          since: try row.timestamptz(0), isOnline: try row.optionalBool(1),
          isBeyond: try row.optionalBool(2)
        )
      }
    }) {
      if let isOnline = row.isOnline {
        changes.append(StatusChange(sensorKey: sensor, since: row.since, isOnline: isOnline))
      } else if let isBeyond = row.isBeyond {
        warnings.append(WarningChange(since: row.since, isBeyond: isBeyond))
      }
    }
    let isCut = changes.count + warnings.count == most
    changes = changes.condensed(from: range.lowerBound)
    warnings = warnings.condensed(from: range.lowerBound)
    guard !isCut, changes.count + warnings.count <= limit else { return nil }
    return StatusRecord(changes: changes, warnings: warnings)
  }

  /// More than one has. Of one that has still more, what is refused for its number of changes may be this many times
  /// three fewer than said.
  private static let sensorsOfADevice = 1_000

  private func condensed(
    _ command: Command, _ most: Int, _ range: Range<Timestamp>, limit: Int
  ) async throws(StoreError) -> [StatusChange]? {
    let changes = try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        StatusChange(
          sensorKey: try row.optionalInt8(0), since: try row.timestamptz(1),
          isOnline: try row.bool(2))
      }
    }
    let condensed = changes.condensed(from: range.lowerBound)
    return condensed.count > limit || changes.count == most ? nil : condensed
  }

  package func readings(
    _ query: ReadingQuery, _ page: PageRequest, tenant: Tenant
  ) async throws(StoreError) -> Page<LatestReading> {
    let schema = try tenantSchema(tenant)
    guard !query.sensors.isEmpty, !query.range.isEmpty else { return Page(items: [], count: 0) }
    let condition = """
      reading.sensor_id = ANY ($1) AND reading."timestamp" >= $2 AND reading."timestamp" < $3
        AND reading.value >= $4 AND reading.value <= $5
      """
    let values: [PostgresValue] = [
      .int8Array(query.sensors), .timestamptz(query.range.lowerBound),
      .timestamptz(query.range.upperBound), .float8(query.minimum ?? -.infinity),
      .float8(query.maximum ?? .infinity),
    ]
    let count = Command(
      "SELECT count(*) FROM \(schema.table("telemetry_readings")) reading WHERE \(condition)",
      values)
    let rows = Command(
      """
      SELECT \(SensorColumns.list), newest.value, newest."timestamp" FROM (
        SELECT reading.sensor_id, reading.value, reading."timestamp"
        FROM \(schema.table("telemetry_readings")) reading WHERE \(condition)
        ORDER BY reading."timestamp" DESC, reading.sensor_id LIMIT $6 OFFSET $7
      ) newest
      JOIN \(schema.table("assets_sensor")) sensor ON sensor.id = newest.sensor_id
      JOIN \(schema.table("assets_device")) device ON device.id = sensor.device_id
      ORDER BY newest."timestamp" DESC, newest.sensor_id
      """, values + [.int8(Int64(page.size)), .int8(Int64(page.offset))])
    return try await pool.run { connection throws(PostgresError) in
      var result = Page<LatestReading>(items: [], count: 0)
      try connection.pipeline([.beginSnapshot, count, rows, .commit]) {
        (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
        if number == 1 {
          result.count = Int(try row.int8(0))
        } else {
          result.items.append(
            LatestReading(
              sensor: try SensorColumns.read(row), value: try row.float8(SensorColumns.count),
              timestamp: try row.timestamptz(SensorColumns.count + 1)))
        }
      }
      return result
    }
  }

  private func tenantSchema(_ tenant: Tenant) throws(StoreError) -> TenantSchema {
    do throws(PostgresError) { return try TenantSchema(tenant) } catch { throw StoreError(error) }
  }
}
