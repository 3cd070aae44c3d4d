// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import RPCRuntime
import ServiceLifecycle
import TrakSenseAPI

/// `GET /ingest/stream/`: readings as they are committed, as Server-Sent Events.
struct StreamRoute: Sendable {
  let telemetry: TraksenseV1.TelemetryServiceClient
  let calls: CallOptionsFactory
  let limits: RESTBridgeLimits
  let quota: StreamQuota

  private static let headers: HTTPFields = {
    var fields: HTTPFields = [
      .contentType: "text/event-stream", .cacheControl: "no-cache, no-transform",
    ]
    // nginx buffers answers unless it is told not to.
    if let name = HTTPField.Name("X-Accel-Buffering") { fields[name] = "no" }
    return fields
  }()

  /// - Throws: 400 for a bad query, 503 when there are too many streams, and what the call throws before
  ///   its first message.
  func respond(
    to request: Request, _ caller: Caller, _ context: BridgeContext
  ) async throws -> Response {
    let query = try QueryParameters(
      request.uri.query,
      known: ["device_id": .repeated, "sensor_id": .repeated, "sensor_type": .repeated])
    guard let ticket = quota.admit() else {
      throw RESTError(
        .serviceUnavailable, detail: "Too many streams are open.", retryAfter: .seconds(5))
    }
    let stream = PeekedStream(
      try await telemetry.subscribe(
        TraksenseV1.SubscribeRequest(
          deviceID: query.all("device_id"), sensorID: query.all("sensor_id"),
          sensorType: query.all("sensor_type"), slowReader: .gap),
        options: calls.options(
          for: request, caller, tenant: query.text(QueryParameters.tenant), timeout: nil)))
    guard let first = try await stream.first() else {
      throw RPCError(.internalError, "subscription ended without its first message")
    }
    let session = EventStreamSession(
      stream: stream, first: first, limits: limits, ticket: ticket, logger: context.logger)
    return Response(
      status: .ok,
      headers: Self.headers,
      body: ResponseBody { writer in
        try await request.body.consumeWithCancellationOnInboundClose { _ in
          try await session.write(to: &writer)
        }
      })
  }
}
