// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// The catalogue's stores in memory: what is made and changed is kept by tenant, lists are whole, and the last
/// query of each kind can be looked at. The rules of the database are tested with the database.
final class MemoryStores: Sendable {
  struct State {
    var sites: [Int64: [SiteRecord]] = [:]
    var assets: [Int64: [AssetRecord]] = [:]
    var devices: [Int64: [DeviceRecord]] = [:]
    var sensors: [Int64: [SensorRecord]] = [:]
    var siteQuery: SiteQuery?
    var assetQuery: AssetQuery?
    var deviceQuery: DeviceQuery?
    var sensorQuery: SensorQuery?
    var siteChanges: SiteChanges?
    var assetChanges: AssetChanges?
    var deviceChanges: DeviceChanges?
    var sensorChanges: [SensorChanges] = []
    var seenAt: Timestamp?
    /// Thrown instead of the next answer.
    var failure: CatalogueError?
  }

  private let state = Mutex(State())
  let now = ServiceFixture.now

  @discardableResult
  func edit<Value: Sendable>(_ body: (inout sending State) -> sending Value) -> Value {
    state.withLock { body(&$0) }
  }

  private func answer<Value: Sendable>(
    _ body: (inout State) throws(CatalogueError) -> Value
  ) throws(CatalogueError) -> Value {
    let result: Result<Value, CatalogueError> = state.withLock { state in
      if let failure = state.failure {
        state.failure = nil
        return .failure(failure)
      }
      return Result { () throws(CatalogueError) in try body(&state) }
    }
    return try result.get()
  }

  private func find<Record>(
    _ id: Int64, _ records: [Record]?, _ key: KeyPath<Record, Int64>
  ) throws(CatalogueError) -> Record {
    guard let record = records?.first(where: { $0[keyPath: key] == id }) else { throw .notFound }
    return record
  }
}

extension MemoryStores: SiteStore {
  func sites(
    _ query: SiteQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<SiteRecord> {
    try answer { state throws(CatalogueError) in
      state.siteQuery = query
      let all = state.sites[tenant.id] ?? []
      return Page(items: Array(all.dropFirst(page.offset).prefix(page.size)), count: all.count)
    }
  }

  func site(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> SiteRecord {
    try answer { state throws(CatalogueError) in try find(id, state.sites[tenant.id], \.id) }
  }

  func createSite(
    _ new: SiteChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord {
    try answer { state throws(CatalogueError) in
      state.siteChanges = new
      var site = SiteRecord(
        id: Int64(state.sites[tenant.id]?.count ?? 0) + 1, name: new.name ?? "",
        timezone: new.timezone ?? "America/Sao_Paulo", createdAt: now, updatedAt: now)
      site.latitude = new.latitude ?? nil
      state.sites[tenant.id, default: []].append(site)
      return site
    }
  }

  func changeSite(
    _ id: Int64, _ changes: SiteChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord {
    try answer { state throws(CatalogueError) in
      state.siteChanges = changes
      return try find(id, state.sites[tenant.id], \.id)
    }
  }

  func setActive(
    _ isActive: Bool, site: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord {
    try answer { state throws(CatalogueError) in
      var site = try find(site, state.sites[tenant.id], \.id)
      site.isActive = isActive
      return site
    }
  }

  func deleteSite(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try answer { state throws(CatalogueError) in
      _ = try find(id, state.sites[tenant.id], \.id)
      state.sites[tenant.id]?.removeAll { $0.id == id }
    }
  }

  func stats(ofSite id: Int64, of tenant: Tenant) async throws(CatalogueError) -> SiteStats {
    try answer { state throws(CatalogueError) in
      _ = try find(id, state.sites[tenant.id], \.id)
      var stats = SiteStats()
      stats.assetsByStatus = ["ALERT": 2, "OK": 1]
      stats.deviceAvailability = 99.5
      return stats
    }
  }
}

extension MemoryStores: AssetStore {
  func assets(
    _ query: AssetQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<AssetRecord> {
    try answer { state throws(CatalogueError) in
      state.assetQuery = query
      if let site = query.site, state.sites[tenant.id]?.contains(where: { $0.id == site }) != true {
        throw .unknownReference(field: "site")
      }
      let all = state.assets[tenant.id] ?? []
      return Page(items: Array(all.dropFirst(page.offset).prefix(page.size)), count: all.count)
    }
  }

  func asset(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> AssetRecord {
    try answer { state throws(CatalogueError) in try find(id, state.assets[tenant.id], \.id) }
  }

  func createAsset(
    _ new: AssetChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    try answer { state throws(CatalogueError) in
      state.assetChanges = new
      let asset = AssetRecord(
        id: Int64(state.assets[tenant.id]?.count ?? 0) + 1, tag: new.tag?.rawValue ?? "MADE",
        name: new.name ?? "", site: new.site ?? 0, siteName: "Site",
        type: new.type?.rawValue ?? "", status: (new.status ?? .ok).rawValue,
        specifications: new.specifications ?? .empty, createdAt: now, updatedAt: now)
      state.assets[tenant.id, default: []].append(asset)
      return asset
    }
  }

  func changeAsset(
    _ id: Int64, _ changes: AssetChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    try answer { state throws(CatalogueError) in
      state.assetChanges = changes
      return try find(id, state.assets[tenant.id], \.id)
    }
  }

  func setActive(
    _ isActive: Bool, asset: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    try answer { state throws(CatalogueError) in
      try find(asset, state.assets[tenant.id], \.id)
    }
  }

  func calculateHealth(
    ofAsset id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord {
    try answer { state throws(CatalogueError) in
      var asset = try find(id, state.assets[tenant.id], \.id)
      asset.healthScore = 42
      return asset
    }
  }

  func deleteAsset(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try answer { state throws(CatalogueError) in
      _ = try find(id, state.assets[tenant.id], \.id)
    }
  }
}

extension MemoryStores: DeviceStore {
  func devices(
    _ query: DeviceQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<DeviceRecord> {
    try answer { state throws(CatalogueError) in
      state.deviceQuery = query
      let all = state.devices[tenant.id] ?? []
      return Page(items: Array(all.dropFirst(page.offset).prefix(page.size)), count: all.count)
    }
  }

  func device(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> DeviceRecord {
    try answer { state throws(CatalogueError) in try find(id, state.devices[tenant.id], \.id) }
  }

  func createDevice(
    _ new: DeviceChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord {
    try answer { state throws(CatalogueError) in
      state.deviceChanges = new
      let device = DeviceRecord(
        id: Int64(state.devices[tenant.id]?.count ?? 0) + 1, name: new.name ?? "",
        serialNumber: new.serialNumber ?? "", clientID: new.clientID?.rawValue ?? "",
        asset: new.asset ?? 0, assetTag: "CH-1", assetName: "Chiller", site: 1, siteName: "Site",
        type: "CONTROLLER", status: "MAINTENANCE", createdAt: now, updatedAt: now)
      state.devices[tenant.id, default: []].append(device)
      return device
    }
  }

  func changeDevice(
    _ id: Int64, _ changes: DeviceChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord {
    try answer { state throws(CatalogueError) in
      state.deviceChanges = changes
      return try find(id, state.devices[tenant.id], \.id)
    }
  }

  func setActive(
    _ isActive: Bool, device: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord {
    try answer { state throws(CatalogueError) in
      try find(device, state.devices[tenant.id], \.id)
    }
  }

  func deleteDevice(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try answer { state throws(CatalogueError) in
      _ = try find(id, state.devices[tenant.id], \.id)
    }
  }

  func markSeen(
    device: Int64, at instant: Timestamp, of tenant: Tenant
  ) async throws(CatalogueError) -> DevicePresence {
    try answer { state throws(CatalogueError) in
      _ = try find(device, state.devices[tenant.id], \.id)
      state.seenAt = instant
      return DevicePresence(status: "ONLINE", lastSeen: instant, isOnline: true)
    }
  }
}

extension MemoryStores: SensorStore {
  func sensors(
    _ query: SensorQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<SensorRecord> {
    try answer { state throws(CatalogueError) in
      state.sensorQuery = query
      if let device = query.device,
        state.devices[tenant.id]?.contains(where: { $0.id == device }) != true
      {
        throw .unknownReference(field: "device")
      }
      let all = state.sensors[tenant.id] ?? []
      return Page(items: Array(all.dropFirst(page.offset).prefix(page.size)), count: all.count)
    }
  }

  func sensor(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> SensorRecord {
    try answer { state throws(CatalogueError) in try find(id, state.sensors[tenant.id], \.id) }
  }

  func createSensor(
    _ new: SensorChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord {
    let made = try await createSensors([new], of: tenant)
    guard let sensor = made.first else { throw .notFound }
    return sensor
  }

  func createSensors(
    _ new: [SensorChanges], of tenant: Tenant
  ) async throws(CatalogueError) -> [SensorRecord] {
    try answer { state throws(CatalogueError) in
      state.sensorChanges = new
      let made = new.map { new in
        var sensor = SensorRecord(
          id: Int64(state.sensors[tenant.id]?.count ?? 0) + 1, tag: new.tag?.rawValue ?? "",
          device: new.device ?? 0, deviceName: "Device", deviceSerial: "12345",
          clientID: "ESP32-0", asset: 1, assetTag: "CH-1", assetName: "Chiller", siteName: "Site",
          metric: new.metric?.rawValue ?? "", unit: new.unit ?? "",
          thresholds: new.thresholds ?? .empty, createdAt: now, updatedAt: now)
        sensor.minimum = new.minimum ?? nil
        sensor.maximum = new.maximum ?? nil
        state.sensors[tenant.id, default: []].append(sensor)
        return sensor
      }
      return made
    }
  }

  func changeSensor(
    _ id: Int64, _ changes: SensorChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord {
    try answer { state throws(CatalogueError) in
      state.sensorChanges = [changes]
      return try find(id, state.sensors[tenant.id], \.id)
    }
  }

  func setActive(
    _ isActive: Bool, sensor: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord {
    try answer { state throws(CatalogueError) in
      try find(sensor, state.sensors[tenant.id], \.id)
    }
  }

  func deleteSensor(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) {
    try answer { state throws(CatalogueError) in
      _ = try find(id, state.sensors[tenant.id], \.id)
    }
  }
}
