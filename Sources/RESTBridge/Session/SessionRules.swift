// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import TrakSenseAPI

/// What an RPC has to do with the session in a browser's cookies.
struct SessionRules: Sendable {
  /// When both cookies go.
  enum Clearing: Hashable, Sendable {
    case never
    case onSuccess
    case whenUnauthenticated
  }

  /// Fields of the request whose value is a cookie's.
  let takesAccessToken: Bool
  let takesRefreshToken: Bool
  /// Whether the RPC looks at the caller's credentials at all.
  let needsCredentials: Bool
  let clearing: Clearing

  /// Takes and gives are seen from the messages; the rest is listed here.
  init(of route: HTTPRoute) {
    let fields = route.requestFields.map(\.name)
    takesAccessToken = fields.contains(SessionCookies.accessName)
    takesRefreshToken = fields.contains(SessionCookies.refreshName)
    let method = route.types.method
    // Open to everybody, as its .proto says: whoever comes with a stale cookie gets an answer.
    needsCredentials = method.service != TraksenseV1.AuthServiceMethods.login.service
    clearing =
      switch method {
      case TraksenseV1.AuthServiceMethods.logout: .onSuccess
      case TraksenseV1.AuthServiceMethods.refresh: .whenUnauthenticated
      default: .never
      }
  }

  /// Whether a cookie decides about what the RPC does.
  func uses(_ cookies: SessionCookies) -> Bool {
    (needsCredentials || takesAccessToken) && cookies.access != nil
      || takesRefreshToken && cookies.refresh != nil
  }
}
