// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Sites in a tenant's schema.
package struct PostgresSiteStore: SiteStore {
  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func sites(
    _ query: SiteQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<SiteRecord> {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      var list = ListStatement(tables.siteSource, key: "site", withArchived: query.withArchived)
      list.search(query.search, in: ["site.name", "site.company", "site.address"])
      list.require("site.company", is: query.company.map { .text($0) })
      list.require("site.sector", is: query.sector.map { .text($0) })
      list.require("site.subsector", is: query.subsector.map { .text($0) })
      list.require("site.timezone", is: query.timezone.map { .text($0) })
      let order = query.order.isEmpty ? [OrderTerm(.name)] : query.order
      return try list.page(
        page, columns: SiteColumns.list, counts: tables.siteCounts,
        order: order.map { $0.sql { "site.\($0.rawValue)" } }, on: connection
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try SiteColumns.read(row) }
    }
  }

  package func site(
    _ id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.one(SiteColumns.list, from: Self.source(tables), "site", id: id) {
        (row: borrowing PostgresRow) throws(PostgresError) in try SiteColumns.read(row)
      }
    }
  }

  package func createSite(
    _ new: SiteChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.query(.begin)
      return try connection.inserted(
        Self.columns(new).insert(into: tables.sites), SiteColumns.list,
        from: Self.source(tables), "site"
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try SiteColumns.read(row) }
    }
  }

  package func changeSite(
    _ id: Int64, _ changes: SiteChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord {
    let columns = Self.columns(changes)
    guard !columns.isEmpty else { return try await site(id, of: tenant) }
    return try await update(id, of: tenant) { columns.update($0.sites, id: id) }
  }

  package func setActive(
    _ isActive: Bool, site id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord {
    try await update(id, of: tenant) { .setActive(isActive, $0.sites, id: id) }
  }

  package func deleteSite(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.deleted(
        tables.sites, id: id,
        usage: [("assets", nil, "SELECT count(*) FROM \(tables.assets) WHERE site_id = $1")])
    }
  }

  package func stats(
    ofSite id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteStats {
    try await pool.readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      var stats = SiteStats()
      let key: [PostgresValue] = [.int8(id)]
      let touched = try connection.pipeline([
        Command("SELECT FROM \(tables.sites) WHERE id = $1", key),
        Command(
          """
          SELECT status, asset_type, count(*) FROM \(tables.assets)
          WHERE site_id = $1 AND is_active GROUP BY status, asset_type
          """, key),
        Command(
          """
          SELECT count(*), count(*) FILTER (WHERE \(CatalogueTables.isDeviceOnline))
          FROM \(tables.deviceSource)
          WHERE site.id = $1 AND asset.is_active AND device.is_active
          """, key),
        Command(
          """
          SELECT count(*), count(*) FILTER (WHERE \(CatalogueTables.isSensorOnline))
          FROM \(tables.sensorSource)
          WHERE site.id = $1 AND asset.is_active AND device.is_active AND sensor.is_active
          """, key),
        Command(tables.siteAvailability, key),
      ]) { (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
        switch number {
        case 1:
          let count = Int(try row.int8(2))
          stats.assetsByStatus[try row.text(0), default: 0] += count
          stats.assetsByType[try row.text(1), default: 0] += count
        case 2: (stats.devices, stats.onlineDevices) = (Int(try row.int8(0)), Int(try row.int8(1)))
        case 3: (stats.sensors, stats.onlineSensors) = (Int(try row.int8(0)), Int(try row.int8(1)))
        case 4: stats.deviceAvailability = try row.optionalFloat8(0)
        default: break
        }
      }
      return touched[0] == 0 ? .failure(.notFound) : .success(stats)
    }
  }

  private func update(
    _ id: Int64, of tenant: Tenant, _ command: @Sendable (CatalogueTables) -> Command
  ) async throws(CatalogueError) -> SiteRecord {
    try await pool.changeCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      try connection.updated(
        command(tables), SiteColumns.list, from: Self.source(tables), "site", id: id
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try SiteColumns.read(row) }
    }
  }

  private static func source(_ tables: CatalogueTables) -> String {
    "\(tables.siteSource) \(tables.siteCounts)"
  }

  private static func columns(_ changes: SiteChanges) -> ColumnValues {
    var columns = ColumnValues()
    columns.set("name", text: changes.name)
    columns.set("company", text: changes.company)
    columns.set("sector", text: changes.sector)
    columns.set("subsector", text: changes.subsector)
    columns.set("address", text: changes.address)
    columns.set(
      "latitude", changes.latitude.map { .optional($0?.description) }, as: "numeric")
    columns.set(
      "longitude", changes.longitude.map { .optional($0?.description) }, as: "numeric")
    columns.set("timezone", text: changes.timezone)
    return columns
  }
}

/// How a ``SiteRecord`` is selected from `site` and `counts`.
private enum SiteColumns {
  static let list = """
    site.id, site.name, site.company, site.sector, site.subsector, site.address,
    site.latitude::text, site.longitude::text, site.timezone, counts.assets, site.is_active,
    site.created_at, site.updated_at
    """

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> SiteRecord {
    var site = SiteRecord(
      id: try row.int8(0), name: try row.text(1), timezone: try row.text(8),
      createdAt: try row.timestamptz(11), updatedAt: try row.timestamptz(12))
    site.company = try row.text(2)
    site.sector = try row.text(3)
    site.subsector = try row.text(4)
    site.address = try row.text(5)
    site.latitude = try row.optionalText(6).flatMap { Coordinate($0, .latitude) }
    site.longitude = try row.optionalText(7).flatMap { Coordinate($0, .longitude) }
    site.assets = Int(try row.int8(9))
    site.isActive = try row.bool(10)
    return site
  }
}
