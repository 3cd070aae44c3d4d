// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import RPCRuntime

/// Answers every request: preflight, route, method, handler, and the headers and error shape that all
/// answers share.
struct BridgeResponder: HTTPResponder {
  let ingest: IngestRoute
  let latest: LatestRoute
  let history: HistoryRoute
  let stream: StreamRoute
  let health: @Sendable () async -> HealthReport
  let page: PageFiles
  let cors: CORSPolicy

  func respond(to request: Request, context: BridgeContext) async throws -> Response {
    if let preflight = cors.preflight(request.head) {
      return Response(status: .noContent, headers: preflight)
    }
    var response: Response
    do {
      response = try await answer(request, context)
    } catch let error as RESTError {
      response = error.response
    } catch let error as RPCError {
      response = rest(error, context).response
    }
    response.headers.append(contentsOf: SecurityHeaders.all)
    if !response.headers.contains(.contentSecurityPolicy) {
      response.headers[.contentSecurityPolicy] = SecurityHeaders.dataPolicy
    }
    response.headers.append(contentsOf: cors.headers(request.head))
    guard request.method == .head else { return response }
    return Response(status: response.status, headers: response.headers)
  }

  private func answer(_ request: Request, _ context: BridgeContext) async throws -> Response {
    guard let route = Route(path: request.uri.path) else {
      throw RESTError(.notFound, detail: "Not found.")
    }
    guard route.methods.contains(request.method) else {
      throw RESTError(
        .methodNotAllowed, detail: "Method \"\(request.method)\" not allowed.",
        headers: [.allow: (route.methods + [.options]).map(\.rawValue).joined(separator: ", ")])
    }
    switch route {
    case .page: return page.response(for: .index)
    case .asset(let asset): return page.response(for: asset)
    case .health:
      let report = await health()
      return Response(json: report.json, status: report.isHealthy ? .ok : .serviceUnavailable)
    case .ingest: return try await ingest.respond(to: request, context)
    case .latest(let deviceID): return try await latest.respond(to: request, deviceID)
    case .history(let deviceID): return try await history.respond(to: request, deviceID)
    case .stream: return try await stream.respond(to: request, context)
    }
  }

  private func rest(_ error: RPCError, _ context: BridgeContext) -> RESTError {
    let mapped = RESTError(error)
    if mapped.status.kind == .serverError, mapped.retryAfter == nil {
      context.logger.error("request failed", metadata: ["error": "\(error)"])
    }
    return mapped
  }
}
