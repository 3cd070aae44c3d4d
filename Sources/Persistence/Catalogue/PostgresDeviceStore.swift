// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Devices in a tenant's schema.
package struct PostgresDeviceStore: DeviceStore {
  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func devices(
    _ query: DeviceQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<DeviceRecord> {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      var list = ListStatement(
        tables.deviceSource, key: "device", withArchived: query.withArchived)
      list.require("device.asset_id", refersTo: query.asset, in: tables.assets, field: "asset")
      list.require("asset.site_id", refersTo: query.site, in: tables.sites, field: "site")
      list.search(
        query.search, in: ["device.name", "device.serial_number", "device.mqtt_client_id"])
      list.require("device.device_type", is: query.type.map { .text($0.rawValue) })
      list.require(CatalogueTables.isDeviceOnline, is: query.isOnline)
      switch query.status {
      case .shown(let status):
        list.require(CatalogueTables.shownStatus, is: .text(status.rawValue))
      case .warning: list.require(tables.needsAttention)
      case nil: break
      }
      let order = query.order.isEmpty ? [OrderTerm(.name)] : query.order
      return try list.page(
        page, columns: DeviceColumns.list, counts: Self.counts(tables),
        order: order.map { $0.sql(DeviceColumns.expression) }, on: connection
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try DeviceColumns.read(row) }
    }
  }

  package func device(
    _ id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.one(DeviceColumns.list, from: Self.source(tables), "device", id: id) {
        (row: borrowing PostgresRow) throws(PostgresError) in try DeviceColumns.read(row)
      }
    }
  }

  package func createDevice(
    _ new: DeviceChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.query(.begin)
      return try connection.inserted(
        Self.columns(new).insert(into: tables.devices), DeviceColumns.list,
        from: Self.source(tables), "device"
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try DeviceColumns.read(row) }
    }
  }

  package func changeDevice(
    _ id: Int64, _ changes: DeviceChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord {
    let columns = Self.columns(changes)
    guard !columns.isEmpty else { return try await device(id, of: tenant) }
    return try await update(id, of: tenant) { columns.update($0.devices, id: id) }
  }

  package func setActive(
    _ isActive: Bool, device id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord {
    try await update(id, of: tenant) { .setActive(isActive, $0.devices, id: id) }
  }

  package func deleteDevice(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.deleted(
        tables.devices, id: id, quiet: tables.readings,
        usage: [
          ("sensors", nil, "SELECT count(*) FROM \(tables.sensors) WHERE device_id = $1"),
          tables.readings(ofSensors: "SELECT id FROM \(tables.sensors) WHERE device_id = $1"),
        ],
        others: [tables.deviceStatus, tables.heartbeatHistory].map {
          "DELETE FROM \($0) WHERE device_id = $1"
        })
    }
  }

  package func markSeen(
    device id: Int64, at instant: Timestamp, of tenant: Tenant
  ) async throws(CatalogueError) -> DevicePresence {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      var presence: DevicePresence?
      let beat: [PostgresValue] = [.int8(id), .timestamptz(instant)]
      try connection.pipeline([
        .begin,
        // Locks the row also where it changes nothing, so that heartbeats come one after the other.
        Command(
          """
          INSERT INTO \(tables.deviceStatus) AS known (device_id, last_seen)
          SELECT id, $2 FROM \(tables.devices) WHERE id = $1 AND is_active FOR KEY SHARE
          ON CONFLICT (device_id) DO UPDATE SET status = 'ONLINE',
            last_seen = EXCLUDED.last_seen, updated_at = now()
          WHERE known.last_seen < EXCLUDED.last_seen
          """, beat),
        Command(
          """
          INSERT INTO \(tables.heartbeatHistory) (device_id, since, is_online)
          SELECT device.id, change.since, change.is_online
          FROM \(tables.devices) device
          JOIN \(tables.deviceStatus) seen ON seen.device_id = device.id
          CROSS JOIN LATERAL (
            SELECT seen.last_heartbeat + make_interval(secs => device.offline_after_seconds) AS since
          ) silent
          CROSS JOIN LATERAL (VALUES (silent.since, false), ($2, true)) change (since, is_online)
          WHERE device.id = $1 AND device.is_active AND coalesce($2 > silent.since, true)
            AND change.since IS NOT NULL
          ON CONFLICT (device_id, since) DO NOTHING
          """, beat),
        Command(
          """
          UPDATE \(tables.deviceStatus) seen SET last_heartbeat = $2
          FROM \(tables.devices) device
          WHERE seen.device_id = $1 AND device.id = $1 AND device.is_active
            AND coalesce(seen.last_heartbeat < $2, true)
          """, beat),
        Command(
          """
          SELECT \(CatalogueTables.shownStatus), seen.last_seen, \(CatalogueTables.isDeviceOnline)
          FROM \(tables.deviceSource) WHERE device.id = $1 AND device.is_active
          """, [.int8(id)]),
        .commit,
      ]) { (_: Int, row: borrowing PostgresRow) throws(PostgresError) in
        presence = DevicePresence(
          status: try row.text(0), lastSeen: try row.optionalTimestamptz(1),
          isOnline: try row.bool(2))
      }
      return presence.map { .success($0) } ?? .failure(.notFound)
    }
  }

  // MARK: Statements

  private func update(
    _ id: Int64, of tenant: Tenant, _ command: @Sendable (CatalogueTables) -> Command
  ) async throws(CatalogueError) -> DeviceRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.updated(
        command(tables), DeviceColumns.list, from: Self.source(tables), "device", id: id
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try DeviceColumns.read(row) }
    }
  }

  private static func source(_ tables: CatalogueTables) -> String {
    "\(tables.deviceSource) \(counts(tables))"
  }

  private static func counts(_ tables: CatalogueTables) -> String {
    "\(tables.deviceCounts) \(tables.deviceAvailability)"
  }

  private static func columns(_ changes: DeviceChanges) -> ColumnValues {
    var columns = ColumnValues()
    columns.set("name", text: changes.name)
    columns.set("serial_number", text: changes.serialNumber)
    columns.set("mqtt_client_id", text: changes.clientID?.rawValue)
    columns.set("asset_id", changes.asset.map { .int8($0) })
    columns.set("device_type", text: changes.type?.rawValue)
    columns.set("status", text: changes.status?.rawValue)
    columns.set("firmware_version", text: changes.firmwareVersion)
    columns.set(
      "offline_after_seconds", changes.offlineAfter.map { .int4(Int32(clamping: $0)) })
    return columns
  }
}

/// How a ``DeviceRecord`` is selected from `device`, `asset`, `site`, `seen`, `counts` and `available`.
private enum DeviceColumns {
  static let list = """
    device.id, device.name, device.serial_number, device.mqtt_client_id, asset.id, asset.tag,
    asset.name, site.id, site.name, device.device_type, \(CatalogueTables.shownStatus),
    device.created_at, device.updated_at, device.firmware_version, seen.last_seen,
    \(CatalogueTables.isDeviceOnline), device.offline_after_seconds, counts.sensors,
    counts.online_sensors, device.is_active, available.percent
    """

  static func expression(_ order: DeviceQuery.Order) -> String {
    switch order {
    case .status: CatalogueTables.shownStatus
    case .lastSeen: "seen.last_seen"
    case .name, .serialNumber, .createdAt, .updatedAt, .id: "device.\(order.rawValue)"
    }
  }

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> DeviceRecord {
    var device = DeviceRecord(
      id: try row.int8(0), name: try row.text(1), serialNumber: try row.text(2),
      clientID: try row.text(3), asset: try row.int8(4), assetTag: try row.text(5),
      assetName: try row.text(6), site: try row.int8(7), siteName: try row.text(8),
      type: try row.text(9), status: try row.text(10), createdAt: try row.timestamptz(11),
      updatedAt: try row.timestamptz(12))
    device.firmwareVersion = try row.text(13)
    device.lastSeen = try row.optionalTimestamptz(14)
    device.isOnline = try row.bool(15)
    device.offlineAfter = Int(try row.int4(16))
    device.sensors = Int(try row.int8(17))
    device.onlineSensors = Int(try row.int8(18))
    device.isActive = try row.bool(19)
    device.availability = try row.optionalFloat8(20)
    return device
  }
}
