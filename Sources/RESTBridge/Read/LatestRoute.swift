// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import TrakSenseAPI

/// `GET /ingest/latest/{device_id}/`: the newest reading of each sensor.
struct LatestRoute: Sendable {
  let telemetry: TraksenseV1.TelemetryServiceClient
  let calls: CallOptionsFactory

  /// - Throws: 400 for a bad query, and what the call throws.
  func respond(
    to request: Request, _ deviceID: String, _ caller: Caller
  ) async throws -> Response {
    let query = try QueryParameters(request.uri.query, known: ["sensor_id": .repeated])
    let latest = try await telemetry.latest(
      TraksenseV1.LatestRequest(deviceID: deviceID, sensorID: query.all("sensor_id")),
      options: calls.options(
        for: request, caller, tenant: query.text(QueryParameters.tenant), timeout: calls.timeout))
    return Response(json: TraksenseV1.LatestReadings(latest).json)
  }
}

extension TraksenseV1.LatestReadings {
  fileprivate init(_ latest: TraksenseV1.LatestResponse) {
    self.init(
      deviceID: latest.deviceID, timestamp: latest.timestamp, count: latest.count,
      readings: latest.readings.map { reading in
        TraksenseV1.ReadingRow(
          deviceID: reading.deviceID, sensorID: reading.sensorID, sensorType: reading.sensorType,
          value: reading.value, unit: reading.unit, timestamp: reading.timestamp,
          ts: reading.timestamp)
      })
  }
}
