// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import RPCRuntime
import TrakSenseAPI

/// Makes the cookies in which a browser keeps a session, out of reach of its scripts.
struct SessionCookieWriter: Sendable {
  /// Browsers send them over HTTPS only.
  let isSecure: Bool

  /// - Throws: `.internalError` when a token cannot stand in a cookie.
  func headers(setting tokens: TraksenseV1.Tokens) throws(RPCError) -> HTTPFields {
    var fields = HTTPFields()
    fields.append(
      try cookie(SessionCookies.accessName, tokens.accessToken, tokens.accessExpiresIn))
    fields.append(
      try cookie(SessionCookies.refreshName, tokens.refreshToken, tokens.refreshExpiresIn))
    return fields
  }

  /// Lets the browser forget both.
  var clearingHeaders: HTTPFields {
    var fields = HTTPFields()
    for name in [SessionCookies.accessName, SessionCookies.refreshName] {
      fields.append(HTTPField(name: .setCookie, value: "\(name)=; Max-Age=0\(attributes)"))
    }
    return fields
  }

  private func cookie(
    _ name: String, _ value: String, _ maxAge: UInt32
  ) throws(RPCError) -> HTTPField {
    // RFC 6265 §4.1.1, without what would need quotes.
    guard !value.isEmpty,
      value.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !#"",;\"#.utf8.contains($0) })
    else { throw RPCError(.internalError, "a token cannot stand in a cookie") }
    return HTTPField(name: .setCookie, value: "\(name)=\(value); Max-Age=\(maxAge)\(attributes)")
  }

  private var attributes: String {
    "; Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
  }
}
