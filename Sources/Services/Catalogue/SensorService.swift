// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

/// `traksense.v1.SensorService`: what a device measures.
package struct SensorService: TraksenseV1.SensorServiceProtocol {
  let desk: CatalogueDesk

  /// - Parameter desk: what the services of the catalogue share.
  package init(_ desk: CatalogueDesk) {
    self.desk = desk
  }

  package func listSensors(
    _ request: TraksenseV1.ListSensorsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListSensorsResponse {
    let tenant = try context.tenant()
    let wanted = try PageRequest(page: request.page, pageSize: request.pageSize)
    var input = ListInput()
    var query = SensorQuery()
    query.search = input.search(request.search)
    query.order = input.order(request.ordering)
    query.device = (request.device?.value).map { Int64($0) }
    query.asset = (request.asset?.value).map { Int64($0) }
    query.metric = input.word(request.metricType, "metric_type")
    query.unit = request.unit.asFilter
    query.isOnline = request.isOnline?.value
    query.status = input.word(request.status, "status")
    query.withArchived = request.archived
    try input.check()
    let page = try await desk.stored("sensor", context) { () async throws(CatalogueError) in
      try await desk.sensors.sensors(query, wanted, of: tenant)
    }.checked(wanted)
    return TraksenseV1.ListSensorsResponse(
      count: UInt32(clamping: page.count),
      results: page.items.map { TraksenseV1.SensorListItem($0) })
  }

  package func getSensor(
    _ request: TraksenseV1.GetSensorRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    TraksenseV1.Sensor(try await sensor(request.id, context))
  }

  package func createSensor(
    _ request: TraksenseV1.CreateSensorRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    let new = try await changes(request, CatalogueInput(isWhole: true), context)
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sensors.createSensor(new, of: tenant)
    }
  }

  package func updateSensor(
    _ request: TraksenseV1.UpdateSensorRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    try await change(request, isWhole: false, context)
  }

  package func replaceSensor(
    _ request: TraksenseV1.UpdateSensorRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    try await change(request, isWhole: true, context)
  }

  package func deleteSensor(
    _ request: TraksenseV1.DeleteSensorRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    let tenant = try context.tenant()
    try await desk.stored("sensor", context) { () async throws(CatalogueError) in
      try await desk.sensors.deleteSensor(Int64(request.id), of: tenant)
    }
    return ProtoEmpty()
  }

  package func archiveSensor(
    _ request: TraksenseV1.ArchiveSensorRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sensors.setActive(false, sensor: Int64(request.id), of: tenant)
    }
  }

  package func restoreSensor(
    _ request: TraksenseV1.RestoreSensorRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sensors.setActive(true, sensor: Int64(request.id), of: tenant)
    }
  }

  package func updateReading(
    _ request: TraksenseV1.UpdateReadingRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.UpdateReadingResponse {
    guard let value = request.value?.value else {
      throw .invalid("value", FieldProblems.isRequired)
    }
    var instant = desk.clock.now()
    if let timestamp = request.timestamp {
      guard let sent = Timestamp(timestamp) else {
        throw .invalid("timestamp", "Must be a time of the years 1 to 9999.")
      }
      instant = sent
    }
    let tenant = try context.tenant()
    let sensor = try await sensor(request.id, context)
    let reading = IncomingReading(
      tenant: tenant.slug.rawValue, deviceID: sensor.clientID, sensorID: sensor.tag, value: value,
      unit: sensor.unit, timestamp: instant)
    let outcomes: [[PointOutcome]]
    do throws(StoreError) {
      outcomes = try await desk.intake.accept([
        Delivery(points: [.reading(reading)], source: .call)
      ])
    } catch {
      throw desk.failure(error, context)
    }
    switch outcomes.first?.first {
    case .stored, .duplicate: break
    case .refused(let refusal), .quarantined(let refusal):
      // It exists, so that it or its device is archived.
      if refusal.reason.isNotFound {
        throw RPCError(.failedPrecondition, "The sensor or its device is archived.")
      }
      throw .invalid(refusal.field, refusal.message)
    case nil: throw RPCError(.internalError, "internal error")
    }
    let now = try await self.sensor(request.id, context)
    return TraksenseV1.UpdateReadingResponse(
      lastValue: ProtoDoubleValue(now.lastValue),
      lastReadingAt: now.lastReadingAt.map { ProtoTimestamp($0) }, isOnline: now.isOnline)
  }

  package func getSensorStatusHistory(
    _ request: TraksenseV1.GetStatusHistoryRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.StatusHistory {
    let wanted = try StatusHistoryInput(request, now: desk.clock.now())
    let sensor = try await sensor(request.id, context)
    return try await desk.history(wanted, context) { limit, tenant throws(StoreError) in
      try await desk.statuses.statusRecord(
        of: sensor.id, in: wanted.past, limit: limit, tenant: tenant)
    }
  }

  // MARK: Shared

  private func changes(
    _ fields: some SensorFields, _ input: consuming CatalogueInput, _ context: ServerContext
  ) async throws(RPCError) -> SensorChanges {
    let changes = input.sensor(fields)
    try await desk.check(&input, context, "device", changes.device) {
      id, tenant throws(CatalogueError) in _ = try await desk.devices.device(id, of: tenant)
    }
    return changes
  }

  private func sensor(
    _ id: UInt32, _ context: ServerContext
  ) async throws(RPCError) -> SensorRecord {
    let tenant = try context.tenant()
    return try await desk.stored("sensor", context) { () async throws(CatalogueError) in
      try await desk.sensors.sensor(Int64(id), of: tenant)
    }
  }

  private func answer(
    _ context: ServerContext,
    _ body: (Tenant) async throws(CatalogueError) -> SensorRecord
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    let tenant = try context.tenant()
    return TraksenseV1.Sensor(
      try await desk.stored("sensor", context) { () async throws(CatalogueError) in
        try await body(tenant)
      })
  }

  private func change(
    _ request: TraksenseV1.UpdateSensorRequest, isWhole: Bool, _ context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Sensor {
    let changes = try await changes(
      request, CatalogueInput(request.updateMask, isWhole: isWhole), context)
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sensors.changeSensor(Int64(request.id), changes, of: tenant)
    }
  }
}
