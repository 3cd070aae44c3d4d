// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryQueryService {
  private static let day: Duration = .seconds(86_400)

  package func getTelemetrySummary(
    _ request: TraksenseV1.GetTelemetrySummaryRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TelemetrySummary {
    let selection = try SensorSelection(
      device: request.deviceID, sensors: [], types: [], limit: limits.maxFilterValues)
    guard let device = selection.devices.first?.id else {
      throw .invalid("device_id", FieldProblems.isRequired)
    }
    let tenant = try context.tenant()
    let now = now
    let found = try await ask(context) { () async throws(StoreError) in
      try await queries.state(
        of: device, statisticsSince: now.advanced(by: .zero - Self.day), tenant: tenant)
    }
    guard let state = found else { throw .notFound("device_id", "There is no device \(device).") }
    let lastDay = now.advanced(by: .zero - Self.day)..<now
    let changes = try await changes(context) { limit throws(StoreError) in
      try await queries.statusChanges(
        ofDevice: state.deviceKey, in: lastDay, limit: limit, tenant: tenant)
    }
    let sensors = state.sensors.sorted { $0.sensor.id.rawValue < $1.sensor.id.rawValue }
    return TraksenseV1.TelemetrySummary(
      deviceID: request.deviceID,
      status: (state.isFresh(state.lastSeen, at: now) ? Connectivity.online : .offline).rawValue,
      lastSeen: state.lastSeen.map { ProtoTimestamp($0) },
      sensors: sensors.map { one in
        TraksenseV1.SensorSummary(
          one, isOnline: state.isFresh(one.newest?.timestamp, at: now),
          availability: .percent(of: changes.of(one.sensor), over: lastDay))
      },
      statistics: TraksenseV1.DeviceStatistics(state, at: now),
      availability24h: .percent(of: changes, over: lastDay))
  }

  private func changes(
    _ context: ServerContext,
    _ asking: @Sendable (_ limit: Int) async throws(StoreError) -> [StatusChange]?
  ) async throws(RPCError) -> [StatusChange] {
    let limit = limits.maxKeptPoints
    let changes = try await ask(context) { () async throws(StoreError) in
      try await asking(limit)
    }
    guard let changes else {
      throw .invalid(
        "from", "There are more than \(limit) changes of status: take a shorter range.")
    }
    return changes
  }

  /// One row of statistics a sensor, from rollups where these hold the range.
  package func queryTelemetry(
    _ request: TraksenseV1.QueryTelemetryRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.QueryTelemetryResponse {
    let range = try range(
      request.from, request.to, names: ("from", "to"), longest: limits.maxBucketRange)
    let tenant = try context.tenant()
    let sensors = try await finder.sensors(
      device: request.deviceID, asset: request.assetTag, ids: request.sensorID,
      types: request.sensorType, of: tenant, context)
    let totals = try await ask(context) { () async throws(StoreError) in
      try await queries.totals(of: sensors.map(\.key), in: range, tenant: tenant)
    }
    // What is to come is neither online nor offline.
    let past = range.lowerBound..<max(range.lowerBound, min(range.upperBound, now))
    let changes = try await changes(context) { limit throws(StoreError) in
      sensors.isEmpty
        ? []
        : try await queries.statusChanges(
          of: sensors.map(\.key), in: past, limit: limit, tenant: tenant)
    }
    let byKey = Dictionary(totals.map { ($0.sensorKey, $0) }) { first, _ in first }
    let ordered = sensors.sorted {
      ($0.device.rawValue, $0.id.rawValue) < ($1.device.rawValue, $1.id.rawValue)
    }
    return TraksenseV1.QueryTelemetryResponse(
      from: ProtoTimestamp(range.lowerBound), to: ProtoTimestamp(range.upperBound),
      count: UInt32(clamping: totals.reduce(0) { $0 + $1.count }),
      sensors: ordered.map {
        TraksenseV1.SensorTelemetry(
          $0, byKey[$0.key], availability: .percent(of: changes.of($0), over: past))
      })
  }
}

extension DeviceState {
  /// Whether something that was last measured then is online.
  fileprivate func isFresh(_ newest: Timestamp?, at now: Timestamp) -> Bool {
    newest.map { now.since($0) < timeout } ?? false
  }
}

extension TraksenseV1.SensorSummary {
  fileprivate init(
    _ state: DeviceState.SensorState, isOnline: Bool, availability: ProtoDoubleValue?
  ) {
    let totals = state.totals
    let status = Connectivity(
      isOnline: isOnline, isBeyondThresholds: state.isBeyondThresholds)
    self.init(
      sensorID: state.sensor.id.rawValue, sensorName: state.sensor.id.rawValue,
      sensorType: state.sensor.type, unit: state.sensor.unit, isOnline: isOnline,
      lastValue: (state.newest?.value).map { ProtoDoubleValue($0) },
      lastReadingAt: (state.newest?.timestamp).map { ProtoTimestamp($0) },
      statistics24h: TraksenseV1.ReadingStatistics(
        avg: (totals?.average).map { ProtoDoubleValue($0) },
        min: (totals?.minimum).map { ProtoDoubleValue($0) },
        max: (totals?.maximum).map { ProtoDoubleValue($0) },
        stddev: (totals?.deviation).map { ProtoDoubleValue($0) },
        count: UInt32(clamping: totals?.count ?? 0)), availability24h: availability,
      status: status.rawValue)
  }
}

extension TraksenseV1.DeviceStatistics {
  fileprivate init(_ state: DeviceState, at now: Timestamp) {
    let counts = state.sensors.map { $0.totals?.count ?? 0 }
    let total = counts.reduce(0, +)
    // Of the sensors that have readings, each as often as its share says.
    let measuring = counts.count { $0 > 1 }
    let interval =
      measuring == 0
      ? nil : 86_400 * Double(measuring) / Double(counts.filter { $0 > 1 }.reduce(0, +))
    self.init(
      totalReadings24h: UInt32(clamping: total), sensorCount: UInt32(clamping: counts.count),
      avgInterval: interval.map { "\(Int($0.rounded()))s" } ?? "N/A",
      avgIntervalSeconds: interval.map { ProtoDoubleValue($0) },
      avgReadingsPerHour: Double(total) / 24, sensorsTotal: UInt32(clamping: counts.count),
      sensorsOnline: UInt32(
        clamping: state.sensors.count { state.isFresh($0.newest?.timestamp, at: now) }))
  }
}

extension TraksenseV1.SensorTelemetry {
  fileprivate init(
    _ sensor: Sensor, _ totals: ReadingTotals?, availability: ProtoDoubleValue?
  ) {
    self.init(
      deviceID: sensor.device.rawValue, sensorID: sensor.id.rawValue, sensorType: sensor.type,
      unit: sensor.unit, count: UInt32(clamping: totals?.count ?? 0),
      avg: (totals?.average).map { ProtoDoubleValue($0) },
      min: (totals?.minimum).map { ProtoDoubleValue($0) },
      max: (totals?.maximum).map { ProtoDoubleValue($0) },
      last: (totals?.last).map { ProtoDoubleValue($0) }, availability: availability)
  }
}

extension [StatusChange] {
  fileprivate func of(_ sensor: Sensor) -> [StatusChange] {
    filter { $0.sensorKey == sensor.key }
  }
}

extension ProtoDoubleValue? {
  /// Availability in percent; nil when nothing is known.
  fileprivate static func percent(
    of changes: [StatusChange], over range: Range<Timestamp>
  ) -> ProtoDoubleValue? {
    Availability.share(of: changes, over: range).map { ProtoDoubleValue($0 * 100) }
  }
}
