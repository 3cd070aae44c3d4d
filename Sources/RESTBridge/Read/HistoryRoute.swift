// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import RPCRuntime
import TrakSenseAPI

/// `GET /ingest/history/{device_id}/`: the past of a device, ascending, sent as it is read.
struct HistoryRoute: Sendable {
  let telemetry: TraksenseV1.TelemetryServiceClient
  let calls: CallOptionsFactory
  let limits: RESTBridgeLimits

  /// - Throws: 400 for a bad query, and what the call throws before its first message. What fails later
  ///   breaks the connection, so that nobody takes half an answer for a whole one.
  func respond(
    to request: Request, _ deviceID: String, _ caller: Caller
  ) async throws -> Response {
    let query = try QueryParameters(
      request.uri.query,
      known: [
        "from": .once, "to": .once, "interval": .once, "limit": .once,
        "sensor_id": .repeated, "sensor_type": .repeated,
      ])
    let limit = try query.integer("limit", in: 1...limits.maxHistoryRows) ?? limits.maxHistoryRows
    let message = TraksenseV1.HistoryRequest(
      deviceID: deviceID, sensorID: query.all("sensor_id"), sensorType: query.all("sensor_type"),
      from: try query.time("from"), to: try query.time("to"),
      interval: query.text("interval") ?? "auto")
    let stream = try await telemetry.history(
      message,
      options: calls.options(
        for: request, caller, tenant: query.text(QueryParameters.tenant), timeout: limits.historyTimeout))
    let reply = PeekedStream(stream)
    guard let first = try await reply.first() else {
      throw RPCError(.internalError, "history ended without its first message")
    }
    return Response(
      status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        var rows = HistoryJSON(deviceID: deviceID, first: first, limit: limit)
        var next: TraksenseV1.HistoryResponse? = first
        while let message = next, !rows.isTruncated {
          for chunk in try rows.append(message) {
            try await writer.write(chunk)
          }
          next = rows.isTruncated ? nil : try await reply.next()
        }
        try await writer.write(rows.finish())
        try await writer.finish(nil)
      })
  }
}
