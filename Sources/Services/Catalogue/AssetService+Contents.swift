// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AssetService {
  package func listAssetDevices(
    _ request: TraksenseV1.ListAssetDevicesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.DeviceList {
    let tenant = try context.tenant()
    var input = ListInput()
    var query = DeviceQuery()
    query.asset = Int64(request.id)
    query.type = input.word(request.deviceType, "device_type")
    query.status = input.deviceStatus(request.status)
    query.isOnline = request.isOnline?.value
    try input.check()
    let devices = try await desk.whole("device", of: "asset", context) {
      page throws(CatalogueError) in
      try await desk.devices.devices(query, page, of: tenant)
    }
    return TraksenseV1.DeviceList(results: devices.map { TraksenseV1.Device($0) })
  }

  package func listAssetSensors(
    _ request: TraksenseV1.ListAssetSensorsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.SensorItemList {
    let tenant = try context.tenant()
    var input = ListInput()
    var query = SensorQuery()
    query.asset = Int64(request.id)
    query.metric = input.word(request.metricType, "metric_type")
    query.isOnline = request.isOnline?.value
    query.status = input.word(request.status, "status")
    try input.check()
    let sensors = try await desk.whole("sensor", of: "asset", context) {
      page throws(CatalogueError) in
      try await desk.sensors.sensors(query, page, of: tenant)
    }
    return TraksenseV1.SensorItemList(results: sensors.map { TraksenseV1.SensorListItem($0) })
  }

  package func calculateAssetHealth(
    _ request: TraksenseV1.CalculateAssetHealthRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AssetHealth {
    let tenant = try context.tenant()
    let asset = try await desk.stored("asset", context) { () async throws(CatalogueError) in
      try await desk.assets.calculateHealth(ofAsset: Int64(request.id), of: tenant)
    }
    return TraksenseV1.AssetHealth(
      healthScore: UInt32(clamping: asset.healthScore), updatedAt: ProtoTimestamp(asset.updatedAt))
  }

  package func listCompleteAssets(
    _ request: TraksenseV1.ListAssetsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListCompleteAssetsResponse {
    let page = try await page(request, context)
    var response = TraksenseV1.ListCompleteAssetsResponse(count: UInt32(clamping: page.count))
    guard !page.items.isEmpty else { return response }
    let tenant = try context.tenant()
    var query = SensorQuery()
    query.assets = page.items.map(\.id)
    let wanted = PageRequest(
      size: page.items.reduce(0) { $0 + $1.sensors } + CatalogueDesk.maxWhole)
    let sensors = try await desk.stored("sensor", context) { () async throws(CatalogueError) in
      try await desk.sensors.sensors(query, wanted, of: tenant)
    }
    let byAsset = Dictionary(grouping: sensors.items, by: \.asset)
    response.results = page.items.map { TraksenseV1.CompleteAsset($0, byAsset[$0.id] ?? []) }
    return response
  }
}
