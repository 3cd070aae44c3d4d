// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import RPCRuntime
import TrakSenseAPI

/// Answers the routes that RPCs have: JSON in, one unary call, JSON out.
struct Transcoder: Sendable {
  let channel: any RPCChannel
  let calls: CallOptionsFactory
  let bodies: BodyReader
  let crossSite: CrossSitePolicy
  let cookies: SessionCookieWriter

  /// - Parameter parameters: the values that the path has, by the names of their fields.
  /// - Throws: 400 and 404 for what the request cannot be, 403 for one that a foreign page sent, and what
  ///   the call throws.
  func respond(
    to request: Request, _ route: TranscodedRoute, _ parameters: [String: String],
    _ caller: Caller, _ context: BridgeContext
  ) async throws -> Response {
    if route.changesState, route.session.uses(caller.cookies) { try crossSite.check(request) }
    let query = try QueryParameters(request.uri.query, known: route.queryFields)
    var assembly = RequestAssembly(route)
    try assembly.add(path: parameters)
    assembly.add(caller.cookies)
    try assembly.add(query)
    if route.binding.hasBody {
      try assembly.add(body: try await bodies.readJSON(of: request, context))
    }
    let frame = try assembly.request()
    let bytes: [UInt8]
    do throws(RPCError) {
      let reply = try await channel.unary(
        route.types.method, frame,
        options: calls.options(
          for: request, caller, tenant: query.text(QueryParameters.tenant), timeout: calls.timeout))
      bytes = try route.types.json(response: reply.message)
    } catch {
      throw refused(error.withDecodedDetails, route)
    }
    return try response(bytes, route, request, query, caller)
  }

  private func response(
    _ bytes: [UInt8], _ route: TranscodedRoute, _ request: Request, _ query: QueryParameters,
    _ caller: Caller
  ) throws(RPCError) -> Response {
    let shaped = try ResponseShaper(bytes, of: route) { count in
      let host = request.head.authority.flatMap { RequestHost($0) }?.text(scheme: caller.scheme)
      return PageLinks(
        count: count, query, rawQuery: request.uri.query,
        address: "\(caller.scheme)://\(host ?? "")\(request.uri.path)")
    }
    if route.isPolled { return EntityTag.response(shaped.json, to: request) }
    let status = HTTPResponse.Status(code: route.successStatus)
    var response =
      status == .noContent
      ? Response(status: status, headers: [.cacheControl: "no-store"])
      : Response(json: shaped.json, status: status)
    if let tokens = shaped.tokens {
      response.headers.append(contentsOf: try cookies.headers(setting: tokens))
    } else if route.session.clearing == .onSuccess {
      response.headers.append(contentsOf: cookies.clearingHeaders)
    }
    return response
  }

  /// The call's error, which may also mean that the session is over.
  private func refused(_ error: RPCError, _ route: TranscodedRoute) -> any Error {
    guard error.code == .unauthenticated, route.session.clearing == .whenUnauthenticated else {
      return error
    }
    var refusal = RESTError(error)
    refusal.headers.append(contentsOf: cookies.clearingHeaders)
    return refusal
  }
}
