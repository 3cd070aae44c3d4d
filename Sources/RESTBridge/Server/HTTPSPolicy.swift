// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Keeps browsers on HTTPS, where the installation has it.
struct HTTPSPolicy: Sendable {
  let redirects: Bool
  /// How long browsers remember, in seconds; 0: not at all.
  let strictTransportSeconds: Int

  /// - Returns: the redirect that answers a plain request; nil when the request may go on.
  /// - Throws: 403 for a plain request that a client could not repeat by following a redirect.
  func redirect(
    _ request: Request, to host: RequestHost, for caller: Caller
  ) throws(RESTError) -> Response? {
    guard redirects, !caller.isSecure else { return nil }
    guard request.method == .get || request.method == .head else {
      throw RESTError(.forbidden, detail: "Use HTTPS.")
    }
    // The port that was called is that of plain HTTP.
    let name = host.name.contains(":") ? "[\(host.name)]" : host.name
    return Response(
      status: .permanentRedirect,
      headers: [.location: "https://\(name)\(request.head.path ?? "/")"])
  }

  /// Strict-Transport-Security (RFC 6797 §7.2: only over HTTPS).
  func headers(for caller: Caller) -> HTTPFields {
    guard caller.isSecure, strictTransportSeconds > 0 else { return [:] }
    return [.strictTransportSecurity: "max-age=\(strictTransportSeconds); includeSubDomains"]
  }
}
