// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime
import Synchronization
import TrakSenseAPI

/// The telemetry service in memory: one tenant, `umc`, with a few sensors, and the statuses of the real one.
final class MemoryTelemetryService: TraksenseV1.TelemetryServiceProtocol {
  struct Point: Hashable {
    var key: Int64
    var timestamp: Int64
    var value: Double
  }

  struct State {
    var points: [Point] = []
    var cursor: Int64 = 0
    var listeners: [Int: AsyncStream<TraksenseV1.SubscribeResponse>.Continuation] = [:]
    var nextListener = 0
    /// Thrown by every call instead of an answer.
    var failure: RPCError?
    /// Thrown by history after its first block.
    var failureAfterFirstBlock: RPCError?
    var floodedBlocks = 0
    var floodsEnded = 0
    /// What reading takes; nil: nothing.
    var neededToken: String?
    var lastAuthority = ""
    var lastHistory = TraksenseV1.HistoryRequest()
    /// Of the last `Latest`.
    var lastSensors: [String] = []
    var lastMetadata = Metadata()
  }

  static let apiKey = "umc-secret"
  static let minimum = -50.0
  static let maximum = 150.0

  let series: [TraksenseV1.Series]
  let state = Mutex(State())
  /// How many of the series a subscription's start names.
  let announcedCount = Mutex(Int.max)

  init(series: [TraksenseV1.Series] = MemoryTelemetryService.ward) {
    self.series = series
  }

  static let ward: [TraksenseV1.Series] = [
    .init(
      seriesKey: 1, deviceID: "ahu-1", sensorID: "supply", sensorType: "temperature", unit: "°C"),
    .init(
      seriesKey: 2, deviceID: "ahu-1", sensorID: "return", sensorType: "temperature", unit: "°C"),
    .init(
      seriesKey: 3, deviceID: "meter 7", sensorID: "power", sensorType: "active_power", unit: "kW"),
  ]

  /// Commits readings and tells the listeners.
  func commit(_ points: [Point]) {
    state.withLock { state in
      state.points += points
      state.cursor += 1
      let block = TraksenseV1.ReadingBlock(
        cursor: state.cursor, seriesKey: points.map(\.key), timestampUS: points.map(\.timestamp),
        value: points.map(\.value))
      for listener in state.listeners.values { listener.yield(.init(event: .block(block))) }
    }
  }

  /// Sends an event to all listeners.
  func send(_ event: TraksenseV1.SubscribeResponse.Event) {
    state.withLock { state in
      for listener in state.listeners.values { listener.yield(.init(event: event)) }
    }
  }

  var listenerCount: Int { state.withLock { $0.listeners.count } }
  var pointCount: Int { state.withLock { $0.points.count } }
  var floodsEnded: Int { state.withLock { $0.floodsEnded } }
  var floodedBlocks: Int { state.withLock { $0.floodedBlocks } }

  func fail(with error: RPCError?) { state.withLock { $0.failure = error } }

  func ingest(
    _ request: TraksenseV1.IngestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.IngestResponse {
    try check(context, tenant: request.tenant)
    let sent =
      context.metadata["x-api-key"] ?? context.metadata["x-device-token"]
      ?? context.metadata["authorization"]
    guard let sent, sent == Self.apiKey || sent.lowercased() == "bearer \(Self.apiKey)" else {
      throw RPCError(.unauthenticated, "API key is missing or wrong")
    }
    var response = TraksenseV1.IngestResponse()
    var accepted: [Point] = []
    for reading in request.readings {
      let result: TraksenseV1.IngestResult
      switch resolve(reading) {
      case .success(let point):
        let isKnown = state.withLock { state in
          state.points.contains { $0.key == point.key && $0.timestamp == point.timestamp }
        }
        result = .init(outcome: isKnown ? .duplicate : .stored)
        if isKnown { response.duplicates += 1 } else { response.stored += 1 }
        if !isKnown { accepted.append(point) }
      case .failure(let refusal):
        result = .init(
          outcome: .refused, reason: refusal.reason, field: refusal.field,
          message: refusal.message)
        response.refused += 1
      }
      response.results.append(result)
    }
    if response.refused == UInt32(request.readings.count), let first = response.results.first {
      throw RPCError(
        first.reason == "unknown_device" ? .notFound : .invalidArgument, first.message,
        violations: [.init(field: "readings[0].\(first.field)", description: first.message)])
    }
    if !accepted.isEmpty { commit(accepted) }
    return response
  }

  func latest(
    _ request: TraksenseV1.LatestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LatestResponse {
    try check(context)
    state.withLock { $0.lastSensors = request.sensorID }
    let wanted = try wanted(device: request.deviceID, sensors: request.sensorID)
    let points = state.withLock { $0.points }
    var response = TraksenseV1.LatestResponse(deviceID: request.deviceID)
    for one in wanted {
      let newest = points.filter { $0.key == one.seriesKey }.max { $0.timestamp < $1.timestamp }
      guard let newest else { continue }
      response.readings.append(
        .init(
          deviceID: one.deviceID, sensorID: one.sensorID, value: newest.value, unit: one.unit,
          timestamp: ProtoTimestamp(microseconds: newest.timestamp), sensorType: one.sensorType))
      let last = response.timestamp?.microseconds ?? .min
      response.timestamp = ProtoTimestamp(microseconds: max(last, newest.timestamp))
    }
    response.count = UInt32(response.readings.count)
    return response
  }

  func history(
    _ request: TraksenseV1.HistoryRequest,
    responses: MessageWriter<TraksenseV1.HistoryResponse>, context: ServerContext
  ) async throws(RPCError) {
    try check(context)
    guard ["raw", "1m", "auto"].contains(request.interval) else {
      throw RPCError(
        .invalidArgument, "bad interval",
        violations: [.init(field: "interval", description: "Unknown interval.")])
    }
    state.withLock { $0.lastHistory = request }
    // Asset `AHU` is the device `ahu-1`.
    let device = request.assetTag == "AHU" ? "ahu-1" : request.deviceID
    let wanted = try wanted(device: device, sensors: request.sensorID)
      .filter { request.sensorType.isEmpty || request.sensorType.contains($0.sensorType) }
    let from = request.from?.microseconds ?? .min
    let to = request.to?.microseconds ?? .max
    let keys = Set(wanted.map(\.seriesKey))
    let all = state.withLock { $0.points }
      .filter { keys.contains($0.key) && $0.timestamp >= from && $0.timestamp < to }
      .sorted { ($0.timestamp, $0.key) < ($1.timestamp, $1.key) }
    let rest = all.dropFirst(Int(request.cursor) ?? 0)
    let points = Array(rest.prefix(request.limit == 0 ? .max : Int(request.limit)))
    let interval = request.interval == "auto" ? "raw" : request.interval
    try await responses.write(
      .init(series: wanted, interval: interval, from: request.from, to: request.to))
    var start = 0
    while start < points.count {
      let part = points[start..<min(start + 500, points.count)]
      var block = TraksenseV1.HistoryBlock(
        seriesKey: part.map(\.key), timestampUS: part.map(\.timestamp), value: part.map(\.value))
      if interval != "raw" {
        block.minimum = part.map { $0.value - 1 }
        block.maximum = part.map { $0.value + 1 }
        block.count = part.map { _ in 60 }
        block.last = part.map { $0.value + 0.5 }
      }
      var message = TraksenseV1.HistoryResponse(block: block)
      if part.endIndex == points.count, points.count < rest.count {
        message.truncated = true
        message.nextCursor = "\(all.count - rest.count + points.count)"
      }
      try await responses.write(message)
      if let failure = state.withLock({ $0.failureAfterFirstBlock }) { throw failure }
      start = part.endIndex
    }
  }

  func subscribe(
    _ request: TraksenseV1.SubscribeRequest,
    responses: MessageWriter<TraksenseV1.SubscribeResponse>, context: ServerContext
  ) async throws(RPCError) {
    try check(context)
    if request.deviceID == ["flood"] { return try await flood(responses) }
    let (stream, continuation) = AsyncStream<TraksenseV1.SubscribeResponse>.makeStream()
    let (id, cursor) = state.withLock { state in
      state.nextListener += 1
      state.listeners[state.nextListener] = continuation
      return (state.nextListener, state.cursor)
    }
    defer { state.withLock { state in state.listeners[id] = nil } }
    let wanted = series.prefix(announcedCount.withLock { $0 }).filter {
      request.deviceID.isEmpty || request.deviceID.contains($0.deviceID)
    }
    try await responses.write(.init(event: .start(.init(cursor: cursor, series: wanted))))
    for await response in stream {
      try await responses.write(response)
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// Ends every subscription, with the failure that is set.
  func endSubscriptions() {
    for listener in state.withLock({ Array($0.listeners.values) }) { listener.finish() }
  }

  /// Writes as fast as it is allowed to, until cancelled.
  private func flood(
    _ responses: MessageWriter<TraksenseV1.SubscribeResponse>
  ) async throws(RPCError) {
    defer { state.withLock { $0.floodsEnded += 1 } }
    try await responses.write(.init(event: .start(.init(cursor: 0, series: series))))
    var cursor: Int64 = 0
    let rows = 500
    while true {
      cursor += 1
      try await responses.write(
        .init(
          event: .block(
            .init(
              cursor: cursor, seriesKey: Array(repeating: 1, count: rows),
              timestampUS: (0..<Int64(rows)).map { cursor * 1000 + $0 },
              value: Array(repeating: 21.5, count: rows)))))
      state.withLock { $0.floodedBlocks += 1 }
    }
  }

  private func check(_ context: ServerContext, tenant: String = "") throws(RPCError) {
    let (failure, token) = state.withLock { state in
      state.lastAuthority = context.authority
      state.lastMetadata = context.metadata
      return (state.failure, state.neededToken)
    }
    if let failure { throw failure }
    if let token, context.metadata["authorization"] != "Bearer \(token)" {
      throw RPCError(.unauthenticated, "Sign in first.")
    }
    let host = context.authority.split(separator: ":").first.map(String.init) ?? ""
    let hostTenant = host.hasSuffix(".localhost") ? String(host.dropLast(10)) : nil
    let named = tenant.isEmpty ? context.metadata["x-tenant"] ?? hostTenant : tenant
    guard let named else {
      throw RPCError(
        .invalidArgument, "no tenant",
        violations: [.init(field: "tenant", description: "No tenant named.")])
    }
    guard named == "umc" else {
      throw RPCError(
        .notFound, "Unknown tenant \"\(named)\".",
        violations: [.init(field: "tenant", description: "Unknown tenant \"\(named)\".")])
    }
  }

  private func wanted(
    device: String, sensors: [String]
  ) throws(RPCError) -> [TraksenseV1.Series] {
    let known = series.filter { $0.deviceID == device }
    guard !known.isEmpty else { throw RPCError(.notFound, "Unknown device \"\(device)\".") }
    return known.filter { sensors.isEmpty || sensors.contains($0.sensorID) }
  }

  private struct Refusal: Error {
    let reason: String
    let field: String
    let message: String
  }

  private func resolve(_ reading: TraksenseV1.Reading) -> Result<Point, Refusal> {
    let known = series.filter { $0.deviceID == reading.deviceID }
    guard !known.isEmpty else {
      return .failure(
        .init(reason: "unknown_device", field: "device_id", message: "Unknown device."))
    }
    guard let sensor = known.first(where: { $0.sensorID == reading.sensorID }) else {
      return .failure(
        .init(reason: "unknown_sensor", field: "sensor_id", message: "Unknown sensor."))
    }
    guard sensor.unit == reading.unit else {
      return .failure(.init(reason: "unit_mismatch", field: "unit", message: "Unit mismatch."))
    }
    guard (Self.minimum...Self.maximum).contains(reading.value) else {
      return .failure(
        .init(reason: "out_of_range", field: "value", message: "Value out of range."))
    }
    return .success(
      .init(
        key: sensor.seriesKey, timestamp: reading.timestamp?.microseconds ?? 0,
        value: reading.value))
  }
}
