// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

extension TestDatabase {
  var sites: PostgresSiteStore { PostgresSiteStore(pool: pool) }
  var assets: PostgresAssetStore { PostgresAssetStore(pool: pool) }
  var devices: PostgresDeviceStore { PostgresDeviceStore(pool: pool) }
  var sensors: PostgresSensorStore { PostgresSensorStore(pool: pool) }
}

extension Plant {
  /// Shortens statements of one's own.
  func run(_ script: String) async throws {
    let schema = try TenantSchema(tenant).identifier.quoted
    try await database.run(script.split(separator: "§").joined(separator: "\(schema)."))
  }

  /// What the API's lists would be, with a default page.
  func tags(_ edit: (inout AssetQuery) -> Void) async throws -> [String] {
    var query = AssetQuery()
    edit(&query)
    return try await database.assets.assets(query, PageRequest(), of: tenant).items.map(\.tag)
  }

  func clientIDs(_ edit: (inout DeviceQuery) -> Void) async throws -> [String] {
    var query = DeviceQuery()
    edit(&query)
    return try await database.devices.devices(query, PageRequest(), of: tenant).items
      .map(\.clientID)
  }

  func sensorIDs(_ edit: (inout SensorQuery) -> Void) async throws -> [Int64] {
    var query = SensorQuery()
    edit(&query)
    return try await database.sensors.sensors(query, PageRequest(), of: tenant).items.map(\.id)
  }

  func siteNames(_ edit: (inout SiteQuery) -> Void) async throws -> [String] {
    var query = SiteQuery()
    edit(&query)
    return try await database.sites.sites(query, PageRequest(), of: tenant).items.map(\.name)
  }
}

extension SiteChanges {
  init(_ name: String) {
    self.init()
    self.name = name
  }
}

extension AssetChanges {
  init(_ name: String, tag: String? = nil, site: Int64 = 1) {
    self.init()
    self.name = name
    self.tag = tag.flatMap { AssetTag($0) }
    self.site = site
    type = .chiller
  }
}

extension DeviceChanges {
  init(_ name: String, asset: Int64 = 1) {
    self.init()
    self.name = name
    serialNumber = "SN-\(name)"
    clientID = DeviceID(name)
    self.asset = asset
  }
}

extension SensorChanges {
  init(_ tag: String, device: Int64 = 1) {
    self.init()
    self.tag = SensorID(tag)
    self.device = device
    metric = .humidity
    unit = "%"
  }
}
