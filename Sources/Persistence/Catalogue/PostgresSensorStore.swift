// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Sensors in a tenant's schema. Ingest reads the same rows for every batch, so that a change counts for the
/// next one.
package struct PostgresSensorStore: SensorStore {
  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func sensors(
    _ query: SensorQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<SensorRecord> {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      var list = ListStatement(
        tables.sensorSource, key: "sensor", withArchived: query.withArchived)
      list.require("sensor.device_id", refersTo: query.device, in: tables.devices, field: "device")
      list.require("device.asset_id", refersTo: query.asset, in: tables.assets, field: "asset")
      list.require("sensor.device_id", isAnyOf: query.devices)
      list.require("device.asset_id", isAnyOf: query.assets)
      if query.assets != nil { list.require("device.is_active") }
      list.search(query.search, in: ["sensor.tag", "sensor.metric_type", "device.name"])
      list.require("sensor.metric_type", is: query.metric.map { .text($0.rawValue) })
      list.require("sensor.unit", is: query.unit.map { .text($0) })
      list.require(CatalogueTables.isSensorOnline, is: query.isOnline)
      list.require(
        CatalogueTables.sensorConnectivity, is: query.status.map { .text($0.rawValue) })
      let order = query.order.isEmpty ? [OrderTerm(.tag)] : query.order
      return try list.page(
        page, columns: CatalogueSensorColumns.list,
        order: order.map { $0.sql(CatalogueSensorColumns.expression) }, on: connection
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        try CatalogueSensorColumns.read(row)
      }
    }
  }

  package func sensor(
    _ id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.one(
        CatalogueSensorColumns.whole, from: Self.source(tables), "sensor", id: id
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        try CatalogueSensorColumns.read(row)
      }
    }
  }

  package func createSensor(
    _ new: SensorChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.query(.begin)
      return try connection.inserted(
        Self.columns(new).insert(into: tables.sensors), CatalogueSensorColumns.whole,
        from: Self.source(tables), "sensor"
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        try CatalogueSensorColumns.read(row)
      }
    }
  }

  package func createSensors(
    _ new: [SensorChanges], of tenant: Tenant
  ) async throws(CatalogueError) -> [SensorRecord] {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      // In one order, so that two who make the same ones wait for each other instead of deadlocking.
      let order = new.indices.sorted { one, other in
        (new[one].device ?? 0, new[one].tag?.rawValue ?? "", one)
          < (new[other].device ?? 0, new[other].tag?.rawValue ?? "", other)
      }
      var places: [Int64: Int] = [:]
      try connection.query(.begin)
      for index in order {
        do throws(PostgresError) {
          try connection.query(Self.columns(new[index]).insert(into: tables.sensors)) {
            (row: borrowing PostgresRow) throws(PostgresError) in places[try row.int8(0)] = index
          }
        } catch {
          guard let refusal = CatalogueError(refusal: error) else { throw error }
          return .failure(refusal.about("sensors[\(index)]."))
        }
      }
      var sensors: [SensorRecord] = []
      let select = Command(
        """
        SELECT \(CatalogueSensorColumns.whole) FROM \(Self.source(tables))
        WHERE sensor.id = ANY ($1)
        """, [.int8Array(places.keys.sorted())])
      try connection.pipeline([select, .commit]) {
        (_: Int, row: borrowing PostgresRow) throws(PostgresError) in
        sensors.append(try CatalogueSensorColumns.read(row))
      }
      sensors.sort { places[$0.id] ?? 0 < places[$1.id] ?? 0 }
      return .success(sensors)
    }
  }

  package func changeSensor(
    _ id: Int64, _ changes: SensorChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord {
    let columns = Self.columns(changes)
    guard !columns.isEmpty else { return try await sensor(id, of: tenant) }
    return try await update(
      id, of: tenant,
      after: { tables in
        changes.thresholds.map { [WarningChanges(tables).keepThresholds(of: id, before: $0)] } ?? []
      }, { columns.update($0.sensors, id: id) })
  }

  package func setActive(
    _ isActive: Bool, sensor id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord {
    try await update(id, of: tenant) { .setActive(isActive, $0.sensors, id: id) }
  }

  package func deleteSensor(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.deleted(
        tables.sensors, id: id, quiet: tables.readings,
        usage: [tables.readings(ofSensors: "$1")],
        others: [
          tables.sensorStatus, tables.sensorStates, tables.statusHistory, tables.warningHistory,
          tables.formerThresholds,
        ].map { "DELETE FROM \($0) WHERE sensor_id = $1" })
    }
  }

  // MARK: Statements

  private func update(
    _ id: Int64, of tenant: Tenant,
    after first: @Sendable (CatalogueTables) -> [Command] = { _ in [] },
    _ command: @Sendable (CatalogueTables) -> Command
  ) async throws(CatalogueError) -> SensorRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.updated(
        command(tables), after: first(tables), CatalogueSensorColumns.whole,
        from: Self.source(tables), "sensor", id: id
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        try CatalogueSensorColumns.read(row)
      }
    }
  }

  /// With availability, which lists do not have.
  private static func source(_ tables: CatalogueTables) -> String {
    "\(tables.sensorSource) \(tables.sensorAvailability)"
  }

  private static func columns(_ changes: SensorChanges) -> ColumnValues {
    var columns = ColumnValues()
    columns.set("tag", text: changes.tag?.rawValue)
    columns.set("device_id", changes.device.map { .int8($0) })
    columns.set("metric_type", text: changes.metric?.rawValue)
    columns.set("unit", text: changes.unit)
    columns.set("min_value", changes.minimum.map { $0.map { .float8($0) } ?? .null(.float8) })
    columns.set("max_value", changes.maximum.map { $0.map { .float8($0) } ?? .null(.float8) })
    columns.set("thresholds", json: changes.thresholds)
    return columns
  }
}

extension CatalogueTables {
  /// Counting millions of rows would take seconds; this many are many.
  private static let countedReadings = 1_000

  /// How many readings there are, or were as far as sums of them are kept.
  /// - Parameter sensors: a statement or parameter that gives their ids.
  func readings(ofSensors sensors: String) -> (kind: String, limit: Int?, sql: String) {
    (
      "readings", Self.countedReadings,
      """
      SELECT greatest(
        (SELECT count(*) FROM (
          SELECT FROM \(readings) WHERE sensor_id IN (\(sensors)) LIMIT \(Self.countedReadings + 1)
        ) few),
        (SELECT sum(count)::bigint FROM (
          SELECT count FROM \(schema.table(RollupLevel.fiveMinutes.table))
          WHERE sensor_id IN (\(sensors)) LIMIT \(Self.countedReadings + 1)
        ) sums))
      """
    )
  }
}

/// How a ``SensorRecord`` is selected from `sensor`, `device`, `asset`, `site` and `status`.
private enum CatalogueSensorColumns {
  static let list = "\(known), NULL::double precision"
  /// And from `available`.
  static let whole = "\(known), available.percent"

  private static let known = """
    sensor.id, sensor.tag, device.id, device.name, device.serial_number, device.mqtt_client_id,
    asset.id, asset.tag, asset.name, site.name, sensor.metric_type, sensor.unit,
    sensor.thresholds::text, sensor.created_at, sensor.updated_at, sensor.min_value,
    sensor.max_value, status.last_value, status.last_timestamp, \(CatalogueTables.isSensorOnline),
    sensor.is_active, \(CatalogueTables.isBeyondThresholds)
    """

  static func expression(_ order: SensorQuery.Order) -> String {
    switch order {
    case .lastReadingAt: "status.last_timestamp"
    case .tag, .metric, .createdAt, .updatedAt, .id: "sensor.\(order.rawValue)"
    }
  }

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> SensorRecord {
    var sensor = SensorRecord(
      id: try row.int8(0), tag: try row.text(1), device: try row.int8(2),
      deviceName: try row.text(3), deviceSerial: try row.text(4), clientID: try row.text(5),
      asset: try row.int8(6), assetTag: try row.text(7), assetName: try row.text(8),
      siteName: try row.text(9), metric: try row.text(10), unit: try row.text(11),
      thresholds: JSONObjectText(try row.text(12)), createdAt: try row.timestamptz(13),
      updatedAt: try row.timestamptz(14))
    sensor.minimum = try row.optionalFloat8(15)
    sensor.maximum = try row.optionalFloat8(16)
    sensor.lastValue = try row.optionalFloat8(17)
    sensor.lastReadingAt = try row.optionalTimestamptz(18)
    sensor.isOnline = try row.bool(19)
    sensor.isActive = try row.bool(20)
    sensor.isBeyondThresholds = try row.bool(21)
    sensor.availability = try row.optionalFloat8(22)
    return sensor
  }
}
