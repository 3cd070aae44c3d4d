// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension SiteService {
  package func listSiteAssets(
    _ request: TraksenseV1.ListSiteAssetsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AssetList {
    let tenant = try context.tenant()
    var input = ListInput()
    var query = AssetQuery()
    query.site = Int64(request.id)
    query.status = input.assetStatus(request.status)
    query.type = input.word(request.assetType, "asset_type")
    try input.check()
    let assets = try await desk.whole("asset", of: "site", context) {
      page throws(CatalogueError) in
      try await desk.assets.assets(query, page, of: tenant)
    }
    return TraksenseV1.AssetList(results: assets.map { TraksenseV1.AssetListItem($0) })
  }

  package func listSiteDevices(
    _ request: TraksenseV1.ListSiteDevicesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.DeviceList {
    let devices = try await devices(request, context)
    return TraksenseV1.DeviceList(results: devices.map { TraksenseV1.Device($0) })
  }

  package func listSiteDeviceSummaries(
    _ request: TraksenseV1.ListSiteDevicesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.DeviceSummaryList {
    let devices = try await devices(request, context)
    let variables = try await desk.variables(of: devices, context)
    return TraksenseV1.DeviceSummaryList(
      results: devices.map { TraksenseV1.DeviceSummary($0, variables[$0.id] ?? []) })
  }

  package func getSiteStats(
    _ request: TraksenseV1.GetSiteStatsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.SiteStats {
    let tenant = try context.tenant()
    let stats = try await desk.stored("site", context) { () async throws(CatalogueError) in
      try await desk.sites.stats(ofSite: Int64(request.id), of: tenant)
    }
    return TraksenseV1.SiteStats(
      totalAssets: UInt32(clamping: stats.assets),
      assetsByStatus: stats.assetsByStatus.mapValues { UInt32(clamping: $0) },
      assetsByType: stats.assetsByType.mapValues { UInt32(clamping: $0) },
      totalDevices: UInt32(clamping: stats.devices),
      onlineDevices: UInt32(clamping: stats.onlineDevices),
      totalSensors: UInt32(clamping: stats.sensors),
      onlineSensors: UInt32(clamping: stats.onlineSensors),
      assetsWithActiveAlerts: UInt32(
        clamping: stats.assetsByStatus[AssetStatus.alert.rawValue] ?? 0),
      avgDeviceAvailability: ProtoDoubleValue(stats.deviceAvailability))
  }

  private func devices(
    _ request: TraksenseV1.ListSiteDevicesRequest, _ context: ServerContext
  ) async throws(RPCError) -> [DeviceRecord] {
    let tenant = try context.tenant()
    var input = ListInput()
    var query = DeviceQuery()
    query.site = Int64(request.id)
    query.type = input.word(request.deviceType, "device_type")
    query.status = input.deviceStatus(request.status)
    query.isOnline = request.isOnline?.value
    try input.check()
    return try await desk.whole("device", of: "site", context) { page throws(CatalogueError) in
      try await desk.devices.devices(query, page, of: tenant)
    }
  }
}

extension CatalogueDesk {
  /// What devices measure, by device; in the order of metric and tag.
  func variables(
    of devices: [DeviceRecord], _ context: ServerContext
  ) async throws(RPCError) -> [Int64: [SensorRecord]] {
    guard !devices.isEmpty else { return [:] }
    let tenant = try context.tenant()
    var query = SensorQuery()
    query.devices = devices.map(\.id)
    query.order = [OrderTerm(.metric), OrderTerm(.tag)]
    let page = PageRequest(size: devices.reduce(0) { $0 + $1.sensors } + Self.maxWhole)
    let sensors = try await stored("sensor", context) { () async throws(CatalogueError) in
      try await self.sensors.sensors(query, page, of: tenant)
    }
    return Dictionary(grouping: sensors.items, by: \.device)
  }
}
