// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Synchronization
import TrakSenseAPI

/// Answers questions about telemetry with what was asked.
struct MemoryTelemetryQueryService: TraksenseV1.TelemetryQueryServiceProtocol {
  let record: MemoryAccounts.Record

  func getTelemetrySummary(
    _ request: TraksenseV1.GetTelemetrySummaryRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TelemetrySummary {
    try record.note(request, context)
    return TraksenseV1.TelemetrySummary(
      deviceID: request.deviceID, status: "OFFLINE",
      sensors: [.init(sensorID: "s", statistics24h: .init())])
  }

  func listReadings(
    _ request: TraksenseV1.ListReadingsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListReadingsResponse {
    try record.note(request, context)
    return TraksenseV1.ListReadingsResponse(count: record.count.withLock { $0 })
  }

  func listAggregates(
    _ request: TraksenseV1.ListAggregatesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListAggregatesResponse {
    try record.note(request, context)
    return TraksenseV1.ListAggregatesResponse(
      bucket: request.bucket, count: 1, results: [.init(sensorID: "s", avgValue: 0, count: 3)])
  }

  func queryTelemetry(
    _ request: TraksenseV1.QueryTelemetryRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.QueryTelemetryResponse {
    try record.note(request, context)
    return TraksenseV1.QueryTelemetryResponse()
  }

  func getTelemetrySettings(
    _ request: TraksenseV1.GetTelemetrySettingsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TelemetrySettings {
    try record.note(request, context)
    return TraksenseV1.TelemetrySettings()
  }

  func updateTelemetrySettings(
    _ request: TraksenseV1.UpdateTelemetrySettingsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TelemetrySettings {
    try record.note(request, context)
    return TraksenseV1.TelemetrySettings(
      rawDays: request.rawDays, compressAfterDays: request.compressAfterDays)
  }
}
