// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import RPCRuntime

/// Answers every request: preflight, host, HTTPS, route, method, handler, and the headers and error shape
/// that all answers share.
struct BridgeResponder: HTTPResponder {
  let routes: BridgeRoutes
  let ingest: IngestRoute
  let latest: LatestRoute
  let history: HistoryRoute
  let stream: StreamRoute
  let avatar: AvatarRoute
  let media: MediaRoute
  let transcoder: Transcoder
  let health: @Sendable () async -> HealthReport
  let page: PageFiles
  let schema: SchemaRoute
  let hosts: HostGate
  let proxies: TrustedProxies
  let https: HTTPSPolicy
  let cors: CORSPolicy

  func respond(to request: Request, context: BridgeContext) async throws -> Response {
    if let preflight = cors.preflight(request.head) {
      return Response(status: .noContent, headers: preflight)
    }
    let caller = Caller(
      request.headers, peer: context.channel.remoteAddress?.ipAddress, proxies: proxies)
    var response: Response
    do {
      response = try await answer(request, caller, context)
    } catch let error as RESTError {
      response = error.response
    } catch let error as RPCError {
      response = rest(error, context).response
    }
    response.headers.append(contentsOf: SecurityHeaders.all)
    if !response.headers.contains(.contentSecurityPolicy) {
      response.headers[.contentSecurityPolicy] = SecurityHeaders.dataPolicy
    }
    response.headers.append(contentsOf: https.headers(for: caller))
    response.headers.append(contentsOf: cors.headers(request.head))
    guard request.method == .head else { return response }
    return Response(status: response.status, headers: response.headers)
  }

  private func answer(
    _ request: Request, _ caller: Caller, _ context: BridgeContext
  ) async throws -> Response {
    let place = routes.place(request.uri.path)
    let found = place?.target(of: request.method == .head ? .get : request.method)
    // Probes call by IP address or by names of their own, and plainly.
    if case .health? = found?.target { return await healthResponse }
    let host = try await hosts.admit(request.head.authority)
    // Brokers post plainly from within, and would lose what a redirect drops.
    if case .ingest? = found?.target {
      return try await ingest.respond(to: request, caller, context)
    }
    if let redirect = try https.redirect(request, to: host, for: caller) { return redirect }
    guard let place else { throw RESTError(.notFound, detail: "Not found.") }
    guard let (target, parameters) = found else {
      if request.method == .options {
        return Response(status: .noContent, headers: [.allow: place.allowed])
      }
      throw RESTError(
        .methodNotAllowed, detail: "Method \"\(request.method)\" not allowed.",
        headers: [.allow: place.allowed])
    }
    return try await respond(to: request, target, parameters, caller, context)
  }

  private func respond(
    to request: Request, _ target: BridgeRoutes.Target, _ parameters: [String: String],
    _ caller: Caller, _ context: BridgeContext
  ) async throws -> Response {
    let device = parameters["device_id"] ?? ""
    switch target {
    case .page: return page.response(for: .index)
    case .docs: return page.response(for: .docs)
    case .schema: return try schema.response(to: request)
    case .asset:
      guard let asset = parameters["name"].flatMap(PageAsset.init) else {
        throw RESTError(.notFound, detail: "Not found.")
      }
      return page.response(for: asset)
    case .health: return await healthResponse
    case .ingest: return try await ingest.respond(to: request, caller, context)
    case .latest: return try await latest.respond(to: request, device, caller)
    case .history(let style):
      let subject = parameters["asset_tag"].map { HistorySubject.asset($0) } ?? .device(device)
      return try await history.respond(to: request, subject, style, caller)
    case .stream: return try await stream.respond(to: request, caller, context)
    case .avatar: return try await avatar.respond(to: request, caller, context)
    case .media:
      return try await media.respond(to: request, key: parameters["key"] ?? "", caller)
    case .call(let route):
      return try await transcoder.respond(to: request, route, parameters, caller, context)
    }
  }

  private var healthResponse: Response {
    get async {
      let report = await health()
      return Response(json: report.json, status: report.isHealthy ? .ok : .serviceUnavailable)
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
