// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import RPCRuntime
import TrakSenseAPI

/// `POST /ingest/`: readings in. 201 is sent after they were committed.
struct IngestRoute: Sendable {
  let telemetry: TraksenseV1.TelemetryServiceClient
  let calls: CallOptionsFactory
  let bodies: BodyReader
  let crossSite: CrossSitePolicy

  /// - Returns: 201 when every reading was stored, now or before; 207 when some of a batch were refused.
  /// - Throws: 400 when all were refused, and what the call throws.
  func respond(
    to request: Request, _ caller: Caller, _ context: BridgeContext
  ) async throws -> Response {
    _ = try QueryParameters(request.uri.query, known: [:])
    let body = try IngestBody(parsing: try await bodies.readJSON(of: request, context))
    var message = TraksenseV1.IngestRequest()
    message.tenant = body.tenant ?? ""
    // Positions in the body of what is sent.
    var positions: [Int] = []
    for (position, reading) in body.readings.enumerated() {
      guard case .success(let reading) = reading else { continue }
      message.readings.append(reading)
      positions.append(position)
    }
    guard !positions.isEmpty else { throw RESTError(fields: violations(of: body)) }
    let options = try options(for: request, caller, key: body.apiKey)
    let response: TraksenseV1.IngestResponse
    do {
      response = try await telemetry.ingest(message, options: options)
    } catch {
      throw refused(error, body: body, positions: positions)
    }
    return try IngestReply(body: body, positions: positions, response: response).response
  }

  /// A key in a header goes before one in the body, and any key before a cookie.
  /// - Throws: 403 when there is only a cookie, and a foreign page may have sent it.
  private func options(
    for request: Request, _ caller: Caller, key: String?
  ) throws(RESTError) -> CallOptions {
    let hasHeader = request.headers.hasCredentials
    let usesCookies = !hasHeader && key == nil
    if usesCookies, caller.cookies.access != nil { try crossSite.check(request) }
    return calls.options(
      for: request, caller, key: hasHeader ? nil : key, usesCookies: usesCookies,
      timeout: calls.timeout)
  }

  /// Everything that could not be understood, with the path of its reading in a batch.
  private func violations(of body: IngestBody) -> [FieldViolation] {
    body.readings.enumerated().flatMap { position, reading -> [FieldViolation] in
      guard case .failure(let invalid) = reading else { return [] }
      guard case .batch = body.form else { return invalid.violations }
      return invalid.violations.map {
        FieldViolation(field: "readings[\(position)].\($0.field)", description: $0.description)
      }
    }
  }

  /// The call's error in terms of the request's body.
  private func refused(_ error: RPCError, body: IngestBody, positions: [Int]) -> any Error {
    switch error.code {
    // Contract §4.9 R2: an unknown tenant, device or sensor is bad data here, not a missing resource.
    case .notFound, .invalidArgument, .outOfRange: break
    default: return error
    }
    let named = error.violations.map {
      FieldViolation(
        field: Self.field($0.field, body.form, positions), description: $0.description)
    }
    let others = body.form == .batch ? violations(of: body) : []
    guard !named.isEmpty else { return RESTError(.badRequest, detail: error.message) }
    return RESTError(fields: named + others)
  }

  /// `readings[0].unit` of the call as the body's `unit`, or with the position that it has in the body.
  static func field(_ path: String, _ form: IngestBody.Form, _ positions: [Int]) -> String {
    guard path.hasPrefix("readings["), let close = path.firstIndex(of: "]"),
      let index = Int(path[path.index(path.startIndex, offsetBy: 9)..<close]),
      positions.indices.contains(index)
    else { return path }
    let rest = path[path.index(after: close)...]
    return switch form {
    case .single: String(rest.drop { $0 == "." })
    case .batch: "readings[\(positions[index])]\(rest)"
    }
  }
}
