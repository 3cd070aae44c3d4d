// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryQueryService {
  private static let defaultAggregates: UInt32 = 500
  private static let maxAggregates: UInt32 = 5_000

  package func listReadings(
    _ request: TraksenseV1.ListReadingsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListReadingsResponse {
    let range = try range(
      request.tsFrom, request.tsTo, names: ("ts_from", "ts_to"), longest: limits.maxRawRange)
    let page = try PageRequest(page: request.page, pageSize: request.pageSize)
    guard page.offset <= limits.maxKeptPoints else {
      throw .invalid("page", "Lies too deep in the list: take a shorter range.")
    }
    let (minimum, maximum) = (request.valueMin?.value, request.valueMax?.value)
    for (name, bound) in [("value_min", minimum), ("value_max", maximum)] {
      if let bound, !bound.isFinite { throw .invalid(name, "Is not a finite number.") }
    }
    if let minimum, let maximum, minimum > maximum {
      throw .invalid("value_min", "Must not be greater than `value_max`.")
    }
    let tenant = try context.tenant()
    let sensors = try await sensors(
      device: request.deviceID, ids: request.sensorID, types: request.sensorType, of: tenant,
      context)
    let query = ReadingQuery(
      sensors: sensors.map(\.key), range: range, minimum: minimum, maximum: maximum)
    let found = try await ask(context) { () async throws(StoreError) in
      try await queries.readings(query, page, tenant: tenant)
    }
    let checked = try found.checked(page)
    return TraksenseV1.ListReadingsResponse(
      count: UInt32(clamping: checked.count),
      results: checked.items.map { TraksenseV1.ReadingRow($0) })
  }

  /// All buckets are made and then the wanted ones picked: their number is bounded.
  package func listAggregates(
    _ request: TraksenseV1.ListAggregatesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListAggregatesResponse {
    guard let interval = HistoryInterval(rawValue: request.bucket), interval != .raw else {
      let names = HistoryInterval.allCases.filter { $0 != .raw }.map(\.rawValue)
      throw .invalid("bucket", "Must be one of \(names.joined(separator: ", ")).")
    }
    guard request.limit <= Self.maxAggregates else {
      throw .invalid("limit", "Must be at most \(Self.maxAggregates).")
    }
    let range = try range(
      request.from, request.to, names: ("from", "to"),
      length: .seconds(interval == .oneDay ? 30 * 86_400 : 86_400),
      longest: limits.maxBucketRange)
    let tenant = try context.tenant()
    let sensors = try await sensors(
      device: request.deviceID, ids: request.sensorID, types: request.sensorType, of: tenant,
      context)
    let points = try await points(of: sensors, range, interval, tenant, context)
    let limit = request.limit == 0 ? Self.defaultAggregates : request.limit
    let rest = points.reversed().dropFirst(Int(request.offset))
    let byKey = Dictionary(sensors.map { ($0.key, $0) }) { first, _ in first }
    return TraksenseV1.ListAggregatesResponse(
      bucket: interval.rawValue, from: ProtoTimestamp(range.lowerBound),
      to: ProtoTimestamp(range.upperBound), count: UInt32(clamping: points.count),
      truncated: rest.count > Int(limit),
      results: rest.prefix(Int(limit)).compactMap { point in
        byKey[point.sensorKey].map { TraksenseV1.TelemetryBucketRow(point, of: $0) }
      })
  }

  /// - Throws: INVALID_ARGUMENT naming `from` when there are more buckets than one call may keep.
  private func points(
    of sensors: [Sensor], _ range: Range<Timestamp>, _ interval: HistoryInterval,
    _ tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> [HistoryPoint] {
    guard !sensors.isEmpty else { return [] }
    let query = HistoryQuery(
      sensors: sensors.map(\.key), from: range.lowerBound, to: range.upperBound,
      resolution: interval.resolution, pageSize: limits.maxKeptPoints)
    let page = try await ask(context) { () async throws(StoreError) in
      try await store.history(query, after: nil, in: tenant)
    }
    guard page.next == nil else {
      throw .invalid(
        "from",
        "there are more than \(limits.maxKeptPoints) buckets: take a shorter range, fewer sensors"
          + " or longer buckets")
    }
    return page.points
  }
}

extension TraksenseV1.ReadingRow {
  fileprivate init(_ reading: LatestReading) {
    let timestamp = ProtoTimestamp(reading.timestamp)
    self.init(
      deviceID: reading.sensor.device.rawValue, sensorID: reading.sensor.id.rawValue,
      sensorType: reading.sensor.type, value: reading.value, unit: reading.sensor.unit,
      timestamp: timestamp, ts: timestamp)
  }
}

extension TraksenseV1.TelemetryBucketRow {
  fileprivate init(_ point: HistoryPoint, of sensor: Sensor) {
    let start = ProtoTimestamp(point.timestamp)
    self.init(
      bucket: start, ts: start, deviceID: sensor.device.rawValue, sensorID: sensor.id.rawValue,
      avgValue: point.average, minValue: point.minimum, maxValue: point.maximum,
      lastValue: point.last, count: UInt32(clamping: point.count), unit: sensor.unit)
  }
}
