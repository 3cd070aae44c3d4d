// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import RPCRuntime
import TrakSenseAPI

/// Whose history is wanted.
enum HistorySubject: Hashable, Sendable {
  case device(String)
  /// By its tag.
  case asset(String)
}

/// `GET /ingest/history/{device_id}/`, `GET /ingest/assets/{asset_tag}/history/` and the same below
/// `/telemetry`: the past of a device or an asset, ascending, sent as it is read, as JSON or as CSV.
struct HistoryRoute: Sendable {
  let telemetry: TraksenseV1.TelemetryServiceClient
  let calls: CallOptionsFactory
  let limits: RESTBridgeLimits

  /// - Throws: 400 for a bad query, and what the call throws before its first message. What fails later
  ///   breaks the connection, so that nobody takes half an answer for a whole one.
  func respond(
    to request: Request, _ subject: HistorySubject, _ style: HistoryStyle, _ caller: Caller
  ) async throws -> Response {
    let query = try QueryParameters(
      request.uri.query,
      known: [
        "from": .time, "to": .time, "interval": .once, "limit": .once, "cursor": .once,
        "downsample": .once, "points": .once, "format": .once, "sensor_id": .repeated,
        "sensor_type": .repeated,
      ])
    let format = try HistoryFormat(query, accept: request.headers[.accept])
    let stream = try await telemetry.history(
      try message(query, subject, format),
      options: calls.options(
        for: request, caller, tenant: query.text(QueryParameters.tenant),
        timeout: limits.historyTimeout))
    let reply = PeekedStream(stream)
    guard let first = try await reply.first() else {
      throw RPCError(.internalError, "history ended without its first message")
    }
    return Response(
      status: .ok, headers: format.headers(of: subject),
      body: ResponseBody { writer in
        var rows = HistoryRows(
          format, subject, style, first: first, sensors: query.all("sensor_id"))
        var next: TraksenseV1.HistoryResponse? = first
        while let message = next {
          for chunk in try rows.append(message) {
            try await writer.write(chunk)
          }
          next = try await reply.next()
        }
        try await writer.write(rows.finish())
        try await writer.finish(nil)
      })
  }

  private func message(
    _ query: QueryParameters, _ subject: HistorySubject, _ format: HistoryFormat
  ) throws(RESTError) -> TraksenseV1.HistoryRequest {
    var message = TraksenseV1.HistoryRequest(
      sensorID: query.all("sensor_id"), sensorType: query.all("sensor_type"),
      from: try query.time("from"), to: try query.time("to"),
      interval: query.text("interval") ?? "auto", cursor: query.text("cursor") ?? "",
      downsample: query.text("downsample") ?? "",
      points: UInt32(try query.integer("points", in: 1...Int(Int32.max)) ?? 0))
    switch subject {
    case .device(let id): message.deviceID = id
    case .asset(let tag): message.assetTag = tag
    }
    let limit = try query.integer("limit", in: 1...limits.maxHistoryRows)
    switch format {
    case .csv:
      guard limit == nil else {
        throw RESTError(field: "limit", "Does not go together with CSV, which has all rows.")
      }
    case .json:
      // Downsampling bounds the answer already.
      let isWhole = !message.downsample.isEmpty
      message.limit = UInt32(limit ?? (isWhole ? 0 : limits.maxHistoryRows))
    }
    return message
  }
}
