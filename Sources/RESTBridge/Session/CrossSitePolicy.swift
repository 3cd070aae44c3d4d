// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Refuses requests that a foreign page made a browser send: cookies go along with those, too.
struct CrossSitePolicy: Sendable {
  private let allowedOrigins: Set<String>

  /// - Parameter allowedOrigins: further origins that may, as browsers write them.
  init(allowedOrigins: [String]) {
    self.allowedOrigins = Set(allowedOrigins)
  }

  /// Call it for requests that change something on the strength of a cookie.
  /// - Throws: 403 unless the page that sent it is of the request's host or of an allowed origin. What sends
  ///   neither Origin nor Referer is no page of ours.
  func check(_ request: Request) throws(RESTError) {
    // A page can set these headers on a foreign request only after a preflight allowed it to.
    let headers = request.headers
    if headers.value(of: "x-api-key") != nil || headers.value(of: "x-device-token") != nil { return }
    if let origin = headers[.origin] ?? headers[.referer].flatMap(Self.origin(ofReferer:)) {
      if allowedOrigins.contains(origin) || isOwn(origin, request.head.authority) { return }
    }
    throw RESTError(
      .forbidden,
      detail: "Cross-site request refused: its Origin is neither this host nor an allowed origin.")
  }

  private func isOwn(_ origin: String, _ authority: String?) -> Bool {
    guard let (scheme, host) = Self.parts(origin), let sender = RequestHost(host),
      let own = authority.flatMap({ RequestHost($0) })
    else { return false }
    let port = RequestHost.defaultPort(scheme)
    return sender.name == own.name && (sender.port ?? port) == (own.port ?? port)
  }

  private static func parts(_ url: String) -> (scheme: Substring, host: Substring)? {
    guard let mark = url.firstRange(of: "://") else { return nil }
    let scheme = url[..<mark.lowerBound]
    guard scheme == "http" || scheme == "https" else { return nil }
    let host = url[mark.upperBound...].prefix { !"/?#".contains($0) }
    return (scheme, host)
  }

  private static func origin(ofReferer url: String) -> String? {
    parts(url).map { "\($0.scheme)://\($0.host)" }
  }
}
