// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Assets in a tenant's schema.
package struct PostgresAssetStore: AssetStore {
  /// Numbers tried behind a tag that is made of a name.
  private static let tagNumbers = 1...1_000
  /// Times that somebody else may take the same tag at the same moment.
  private static let tagAttempts = 20

  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func assets(
    _ query: AssetQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<AssetRecord> {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      var list = ListStatement(tables.assetSource, key: "asset", withArchived: query.withArchived)
      list.require("asset.site_id", refersTo: query.site, in: tables.sites, field: "site")
      list.search(
        query.search,
        in: ["asset.tag", "asset.name", "asset.manufacturer", "asset.model", "asset.serial_number"])
      list.require("asset.asset_type", is: query.type.map { .text($0.rawValue) })
      list.require("asset.manufacturer", is: query.manufacturer.map { .text($0) })
      switch query.status {
      case .said(let status): list.require("asset.status", is: .text(status.rawValue))
      case .measured(.online): list.require(tables.hasDevice(CatalogueTables.isDeviceOnline))
      case .measured(.offline):
        list.require("NOT \(tables.hasDevice(CatalogueTables.isDeviceOnline))")
      case .measured(.warning):
        list.require("(asset.status = 'ALERT' OR \(tables.hasDevice(tables.needsAttention)))")
      case nil: break
      }
      let order = query.order.isEmpty ? [OrderTerm(.tag)] : query.order
      return try list.page(
        page, columns: AssetColumns.list, counts: tables.assetCounts,
        order: order.map { $0.sql { "asset.\($0.rawValue)" } }, on: connection
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try AssetColumns.read(row) }
    }
  }

  package func asset(
    _ id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.one(AssetColumns.list, from: Self.source(tables), "asset", id: id) {
        (row: borrowing PostgresRow) throws(PostgresError) in try AssetColumns.read(row)
      }
    }
  }

  package func createAsset(
    _ new: AssetChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    guard new.tag == nil else {
      return try await insert(of: tenant) { Self.columns(new).insert(into: $0.assets) }
    }
    let names = [new.name ?? "", new.type?.rawValue ?? ""]
    guard let name = names.first(where: { AssetTag(madeFrom: $0) != nil }) else {
      throw .invalid(field: "tag", "This field is required.")
    }
    let candidates = Self.tagNumbers.compactMap { AssetTag(madeFrom: name, number: $0)?.rawValue }
    for _ in 0..<Self.tagAttempts {
      do throws(CatalogueError) {
        return try await insert(of: tenant) {
          Self.columns(new).insert(into: $0.assets, firstFree: candidates, for: "tag")
        }
      } catch .notFound {
        continue
      }
    }
    throw .taken(field: "tag")
  }

  package func changeAsset(
    _ id: Int64, _ changes: AssetChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    let columns = Self.columns(changes)
    guard !columns.isEmpty else { return try await asset(id, of: tenant) }
    return try await update(id, of: tenant) { columns.update($0.assets, id: id) }
  }

  package func setActive(
    _ isActive: Bool, asset id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    try await update(id, of: tenant) { .setActive(isActive, $0.assets, id: id) }
  }

  package func calculateHealth(
    ofAsset id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    try await update(id, of: tenant) { $0.calculateHealth(of: id) }
  }

  package func deleteAsset(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.deleted(
        tables.assets, id: id,
        usage: [
          ("devices", nil, "SELECT count(*) FROM \(tables.devices) WHERE asset_id = $1"),
          (
            "sensors", nil,
            """
            SELECT count(*) FROM \(tables.sensors) sensor
            JOIN \(tables.devices) device ON device.id = sensor.device_id WHERE asset_id = $1
            """
          ),
        ])
    }
  }

  // MARK: Statements

  private func insert(
    of tenant: Tenant, _ command: @Sendable (CatalogueTables) -> Command
  ) async throws(CatalogueError) -> AssetRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.query(.begin)
      return try connection.inserted(
        command(tables), AssetColumns.list, from: Self.source(tables), "asset"
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try AssetColumns.read(row) }
    }
  }

  private func update(
    _ id: Int64, of tenant: Tenant, _ command: @Sendable (CatalogueTables) -> Command
  ) async throws(CatalogueError) -> AssetRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.updated(
        command(tables), AssetColumns.list, from: Self.source(tables), "asset", id: id
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try AssetColumns.read(row) }
    }
  }

  private static func source(_ tables: CatalogueTables) -> String {
    "\(tables.assetSource) \(tables.assetCounts)"
  }

  private static func columns(_ changes: AssetChanges) -> ColumnValues {
    var columns = ColumnValues()
    columns.set("tag", text: changes.tag?.rawValue)
    columns.set("name", text: changes.name)
    columns.set("site_id", changes.site.map { .int8($0) })
    columns.set("asset_type", text: changes.type?.rawValue)
    columns.set("asset_type_other", text: changes.typeOther)
    columns.set("manufacturer", text: changes.manufacturer)
    columns.set("model", text: changes.model)
    columns.set("serial_number", text: changes.serialNumber)
    columns.set("location_description", text: changes.location)
    columns.set(
      "installation_date", changes.installedOn.map { .optional($0?.description) }, as: "date")
    columns.set("last_maintenance", changes.lastMaintenance.map { .optional($0) })
    columns.set("status", text: changes.status?.rawValue)
    columns.set("specifications", json: changes.specifications)
    return columns
  }
}

/// How an ``AssetRecord`` is selected from `asset`, `site` and `counts`.
private enum AssetColumns {
  static let list = """
    asset.id, asset.tag, asset.name, asset.site_id, site.name, asset.asset_type, asset.status,
    asset.specifications::text, asset.created_at, asset.updated_at, asset.asset_type_other,
    asset.manufacturer, asset.model, asset.serial_number, asset.location_description,
    to_char(asset.installation_date, 'YYYY-MM-DD'), asset.last_maintenance, asset.health_score,
    counts.devices, counts.online_devices, counts.sensors, counts.online_sensors, asset.is_active
    """

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> AssetRecord {
    var asset = AssetRecord(
      id: try row.int8(0), tag: try row.text(1), name: try row.text(2), site: try row.int8(3),
      siteName: try row.text(4), type: try row.text(5), status: try row.text(6),
      specifications: JSONObjectText(try row.text(7)), createdAt: try row.timestamptz(8),
      updatedAt: try row.timestamptz(9))
    asset.typeOther = try row.text(10)
    asset.manufacturer = try row.text(11)
    asset.model = try row.text(12)
    asset.serialNumber = try row.text(13)
    asset.location = try row.text(14)
    asset.installedOn = try row.optionalText(15).flatMap { CalendarDate($0) }
    asset.lastMaintenance = try row.optionalTimestamptz(16)
    asset.healthScore = Int(try row.int4(17))
    asset.devices = Int(try row.int8(18))
    asset.onlineDevices = Int(try row.int8(19))
    asset.sensors = Int(try row.int8(20))
    asset.onlineSensors = Int(try row.int8(21))
    asset.isActive = try row.bool(22)
    return asset
  }
}
