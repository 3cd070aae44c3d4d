// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Who sent a request, as far as it can be known.
struct Caller: Sendable {
  /// IP address of the client: of the TCP peer, or what trusted proxies say.
  let address: String
  /// The client uses HTTPS, as trusted proxies say; the bridge itself speaks plain HTTP.
  let isSecure: Bool
  let cookies: SessionCookies

  /// `http` or `https`.
  var scheme: String { isSecure ? "https" : "http" }

  /// - Parameter peer: the TCP peer's IP address; nil when there is none.
  init(_ headers: HTTPFields, peer: String?, proxies: TrustedProxies) {
    let origin = proxies.origin(peer: peer.flatMap { IPAddress($0) }, headers)
    address = origin.address?.description ?? peer ?? "unknown"
    isSecure = origin.isSecure
    cookies = SessionCookies(headers)
  }
}
