// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

/// `traksense.v1.DeviceService`: what measures an asset and publishes.
package struct DeviceService: TraksenseV1.DeviceServiceProtocol {
  let desk: CatalogueDesk

  /// - Parameter desk: what the services of the catalogue share.
  package init(_ desk: CatalogueDesk) {
    self.desk = desk
  }

  package func listDevices(
    _ request: TraksenseV1.ListDevicesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListDevicesResponse {
    let tenant = try context.tenant()
    let wanted = try PageRequest(page: request.page, pageSize: request.pageSize)
    var input = ListInput()
    var query = DeviceQuery()
    query.search = input.search(request.search)
    query.order = input.order(request.ordering)
    query.asset = (request.asset?.value).map { Int64($0) }
    query.site = (request.site?.value).map { Int64($0) }
    query.type = input.word(request.deviceType, "device_type")
    query.status = input.deviceStatus(request.status)
    query.isOnline = request.isOnline?.value
    query.withArchived = request.archived
    try input.check()
    let page = try await desk.stored("device", context) { () async throws(CatalogueError) in
      try await desk.devices.devices(query, wanted, of: tenant)
    }.checked(wanted)
    return TraksenseV1.ListDevicesResponse(
      count: UInt32(clamping: page.count), results: page.items.map { TraksenseV1.Device($0) })
  }

  package func getDevice(
    _ request: TraksenseV1.GetDeviceRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Device {
    TraksenseV1.Device(try await device(request.id, context))
  }

  package func createDevice(
    _ request: TraksenseV1.CreateDeviceRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Device {
    let new = try await changes(request, CatalogueInput(isWhole: true), context)
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.devices.createDevice(new, of: tenant)
    }
  }

  package func updateDevice(
    _ request: TraksenseV1.UpdateDeviceRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Device {
    try await change(request, isWhole: false, context)
  }

  package func replaceDevice(
    _ request: TraksenseV1.UpdateDeviceRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Device {
    try await change(request, isWhole: true, context)
  }

  package func deleteDevice(
    _ request: TraksenseV1.DeleteDeviceRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    let tenant = try context.tenant()
    try await desk.stored("device", context) { () async throws(CatalogueError) in
      try await desk.devices.deleteDevice(Int64(request.id), of: tenant)
    }
    return ProtoEmpty()
  }

  package func archiveDevice(
    _ request: TraksenseV1.ArchiveDeviceRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Device {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.devices.setActive(false, device: Int64(request.id), of: tenant)
    }
  }

  package func restoreDevice(
    _ request: TraksenseV1.RestoreDeviceRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Device {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.devices.setActive(true, device: Int64(request.id), of: tenant)
    }
  }

  // MARK: Shared

  func device(_ id: UInt32, _ context: ServerContext) async throws(RPCError) -> DeviceRecord {
    let tenant = try context.tenant()
    return try await desk.stored("device", context) { () async throws(CatalogueError) in
      try await desk.devices.device(Int64(id), of: tenant)
    }
  }

  private func answer(
    _ context: ServerContext,
    _ body: (Tenant) async throws(CatalogueError) -> DeviceRecord
  ) async throws(RPCError) -> TraksenseV1.Device {
    let tenant = try context.tenant()
    return TraksenseV1.Device(
      try await desk.stored("device", context) { () async throws(CatalogueError) in
        try await body(tenant)
      })
  }

  private func change(
    _ request: TraksenseV1.UpdateDeviceRequest, isWhole: Bool, _ context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Device {
    let changes = try await changes(
      request, CatalogueInput(request.updateMask, isWhole: isWhole), context)
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.devices.changeDevice(Int64(request.id), changes, of: tenant)
    }
  }

  private func changes(
    _ fields: some DeviceFields, _ input: consuming CatalogueInput, _ context: ServerContext
  ) async throws(RPCError) -> DeviceChanges {
    var changes = DeviceChanges()
    changes.name = input.required(fields.name, "name", maxLength: 200)
    changes.serialNumber = input.required(fields.serialNumber, "serial_number", maxLength: 200)
    changes.asset = input.required(id: fields.asset, "asset")
    changes.clientID = input.required(
      level: fields.mqttClientID, "mqtt_client_id", maxLength: 200
    ) { DeviceID($0) }
    changes.type = input.word(fields.deviceType, "device_type")
    changes.status = input.word(fields.status, "status")
    changes.firmwareVersion = input.line(
      fields.firmwareVersion, "firmware_version", maxLength: 50)
    if input.changes("offline_after_seconds", isSet: fields.offlineAfterSeconds != 0) {
      let range = DeviceRecord.offlineAfterRange
      changes.offlineAfter = Int(fields.offlineAfterSeconds)
      if !range.contains(Int(fields.offlineAfterSeconds)) {
        input.add(
          "offline_after_seconds",
          "Must be a number of seconds from \(range.lowerBound) to \(range.upperBound).")
      }
    }
    try await desk.check(&input, context, "asset", changes.asset) {
      id, tenant throws(CatalogueError) in _ = try await desk.assets.asset(id, of: tenant)
    }
    return changes
  }
}

/// The fields of a new device and of a change alike.
private protocol DeviceFields {
  var name: String { get }
  var serialNumber: String { get }
  var asset: UInt32 { get }
  var mqttClientID: String { get }
  var deviceType: String { get }
  var status: String { get }
  var firmwareVersion: String { get }
  var offlineAfterSeconds: UInt32 { get }
}

extension TraksenseV1.CreateDeviceRequest: DeviceFields {}
extension TraksenseV1.UpdateDeviceRequest: DeviceFields {}
