// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension DeviceService {
  package func listDeviceSensors(
    _ request: TraksenseV1.ListDeviceSensorsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.SensorItemList {
    let tenant = try context.tenant()
    var input = ListInput()
    var query = SensorQuery()
    query.device = Int64(request.id)
    query.metric = input.word(request.metricType, "metric_type")
    query.isOnline = request.isOnline?.value
    query.status = input.word(request.status, "status")
    try input.check()
    let sensors = try await desk.whole("sensor", of: "device", context) {
      page throws(CatalogueError) in
      try await desk.sensors.sensors(query, page, of: tenant)
    }
    return TraksenseV1.SensorItemList(results: sensors.map { TraksenseV1.SensorListItem($0) })
  }

  package func getDeviceStatusHistory(
    _ request: TraksenseV1.GetStatusHistoryRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.StatusHistory {
    let wanted = try StatusHistoryInput(request, now: desk.clock.now())
    let device = try await device(request.id, context)
    return try await desk.history(wanted, context) { limit, tenant throws(StoreError) in
      try await desk.statuses.statusChanges(
        ofDevice: device.id, in: wanted.past, limit: limit, tenant: tenant
      ).map { StatusRecord(changes: $0) }
    }
  }

  package func getDeviceSummary(
    _ request: TraksenseV1.GetDeviceSummaryRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.DeviceSummary {
    let device = try await device(request.id, context)
    let variables = try await desk.variables(of: [device], context)
    return TraksenseV1.DeviceSummary(device, variables[device.id] ?? [])
  }

  package func createDeviceSensors(
    _ request: TraksenseV1.CreateDeviceSensorsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.SensorList {
    let tenant = try context.tenant()
    guard (1...CatalogueDesk.maxBulk).contains(request.sensors.count) else {
      throw .invalid("sensors", "Must have 1 to \(CatalogueDesk.maxBulk) elements.")
    }
    var problems = FieldProblems()
    var new: [SensorChanges] = []
    for (index, sensor) in request.sensors.enumerated() {
      var sensor = sensor
      if sensor.device == 0 { sensor.device = request.id }
      var input = CatalogueInput(isWhole: true)
      if sensor.device != request.id { input.add("device", "Must be this device.") }
      new.append(input.sensor(sensor))
      for problem in input.problems.violations {
        problems.add("sensors[\(index)].\(problem.field)", problem.description)
      }
    }
    try problems.check()
    let sensors: [SensorRecord]
    do throws(CatalogueError) {
      sensors = try await desk.sensors.createSensors(new, of: tenant)
    } catch {
      // All are of one device.
      if case .unknownReference = error { throw .notFound("id", "Not found.") }
      throw desk.failure(error, "sensor", context)
    }
    return TraksenseV1.SensorList(results: sensors.map { TraksenseV1.Sensor($0) })
  }

  package func heartbeat(
    _ request: TraksenseV1.HeartbeatRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.HeartbeatResponse {
    let tenant = try context.tenant()
    let now = desk.clock.now()
    var instant = now
    if let timestamp = request.timestamp {
      guard let sent = Timestamp(timestamp), sent <= now.advanced(by: desk.rules.maxFutureSkew),
        sent >= now.advanced(by: .zero - desk.rules.maxAge)
      else { throw .invalid("timestamp", "Must not lie in the future or too far in the past.") }
      instant = sent
    }
    let presence = try await desk.stored("device", context) { () async throws(CatalogueError) in
      try await desk.devices.markSeen(device: Int64(request.id), at: instant, of: tenant)
    }
    return TraksenseV1.HeartbeatResponse(
      status: presence.status, lastSeen: presence.lastSeen.map { ProtoTimestamp($0) },
      isOnline: presence.isOnline)
  }
}
