// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

/// Answers the admin port's few paths.
struct AdminResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let metricsType: String
  let metrics: @Sendable () -> String
  let checks: @Sendable () async -> [AdminServer.Check]

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    guard request.method == .get || request.method == .head else {
      var response = text(.methodNotAllowed, "method not allowed\n")
      response.headers[.allow] = "GET, HEAD"
      return response
    }
    switch request.uri.path {
    case "/metrics": return text(.ok, metrics(), type: metricsType)
    // Says no more than that the process answers: a restart mends nothing else.
    case "/healthz": return text(.ok, "ok\n")
    case "/readyz": return await readiness()
    default: return text(.notFound, "not found\n")
    }
  }

  private func readiness() async -> Response {
    let checks = await checks()
    let lines = checks.map { "\($0.name) \($0.passes ? "ok" : "failed")\n" }
    let isReady = checks.allSatisfy(\.passes)
    return text(isReady ? .ok : .serviceUnavailable, lines.joined())
  }

  private func text(
    _ status: HTTPResponse.Status, _ body: String, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
  }
}
