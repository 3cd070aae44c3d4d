// SPDX-License-Identifier: Apache-2.0
package import Domain
import JSONText

/// Writes and checks the two kinds of tokens. A token of one kind never passes for the other: `typ` in the
/// claims is checked. Whether the session still stands is not known here.
package struct AccessTokenSigner: Sendable {
  private let keys: SigningKeys
  private let clock: WallClock

  package init(keys: SigningKeys, clock: WallClock) {
    self.keys = keys
    self.clock = clock
  }

  // MARK: Access tokens

  package func sign(_ claims: AccessClaims) throws(CryptoError) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.member("typ", "access")
    json.member("sub", claims.subject.text)
    json.member("tid", claims.tenantID)
    json.member("tenant_slug", claims.tenantSlug.rawValue)
    json.member("sid", claims.session.text)
    json.member("jti", claims.tokenID)
    json.member("iat", claims.issuedAt.wholeSeconds)
    json.member("exp", claims.expiresAt.wholeSeconds)
    json.endObject()
    return try JSONWebToken.sign(json.bytes, with: keys)
  }

  /// - Parameter evenExpired: a token whose time is over counts too: signing out needs no more.
  /// - Throws: ``TokenError``; `.expired` only for a token that is right in every other way.
  package func access(
    _ token: String, evenExpired: Bool = false
  ) throws(TokenError) -> AccessClaims {
    let members = try claims(of: token, type: "access")
    guard let slug = TenantSlug(try members.text("tenant_slug")) else {
      throw .wrongClaim("tenant_slug")
    }
    var claims = AccessClaims(
      subject: UserSubject(text: try members.text("sub")), tenantID: try members.integer("tid"),
      tenantSlug: slug, session: SessionID(text: try members.text("sid")),
      tokenID: try members.text("jti"), now: Timestamp(microseconds: 0))
    (claims.issuedAt, claims.expiresAt) = try validity(members, evenExpired)
    return claims
  }

  // MARK: Refresh tokens

  package func sign(_ claims: RefreshClaims) throws(CryptoError) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.member("typ", "refresh")
    json.member("sub", claims.subject.text)
    json.member("tid", claims.tenantID)
    json.member("sid", claims.session.text)
    json.member("seq", claims.sequence)
    json.member("jti", claims.tokenID)
    json.member("iat", claims.issuedAt.wholeSeconds)
    json.member("exp", claims.expiresAt.wholeSeconds)
    json.endObject()
    return try JSONWebToken.sign(json.bytes, with: keys)
  }

  /// - Parameter evenExpired: a token whose time is over counts too: signing out needs no more.
  /// - Throws: ``TokenError``; `.expired` only for a token that is right in every other way.
  package func refresh(
    _ token: String, evenExpired: Bool = false
  ) throws(TokenError) -> RefreshClaims {
    let members = try claims(of: token, type: "refresh")
    var claims = RefreshClaims(
      subject: UserSubject(text: try members.text("sub")), tenantID: try members.integer("tid"),
      session: SessionID(text: try members.text("sid")), sequence: try members.integer("seq"),
      tokenID: try members.text("jti"), now: Timestamp(microseconds: 0))
    (claims.issuedAt, claims.expiresAt) = try validity(members, evenExpired)
    return claims
  }

  // MARK: Both

  private func claims(of token: String, type: String) throws(TokenError) -> JSONObject {
    let members = try JSONObject(try JSONWebToken.verify(token, with: keys))
    guard members["typ"] == .text(type) else { throw .wrongClaim("typ") }
    return members
  }

  /// RFC 7519 §4.1.4: "on or after" `exp` a token must not be accepted.
  private func validity(
    _ members: JSONObject, _ evenExpired: Bool
  ) throws(TokenError) -> (issued: Timestamp, expiry: Timestamp) {
    let issued = Timestamp(seconds: try members.integer("iat"))
    let expiry = Timestamp(seconds: try members.integer("exp"))
    guard issued < expiry else { throw .wrongClaim("exp") }
    let now = clock.now()
    guard evenExpired || now < expiry else { throw .expired }
    guard issued <= now.advanced(by: JSONWebToken.clockSkew) else { throw .notYetValid }
    return (issued, expiry)
  }
}

extension JSONWriter {
  fileprivate mutating func member(_ name: StaticString, _ value: String) {
    key(name)
    string(value)
  }

  fileprivate mutating func member(_ name: StaticString, _ value: Int64) {
    key(name)
    integer(value)
  }
}
