// SPDX-License-Identifier: Apache-2.0
import ByteText
import Domain
import Testing

@testable import Credentials

@Suite("Tokens")
struct TokenTests {
  static let old = "old-secret-old-secret-old-secret-old"
  static let new = "new-secret-new-secret-new-secret-new"
  /// 2025-06-15 12:00:00 UTC, and a fraction.
  static let noon = Timestamp(microseconds: 1_749_988_800_250_000)

  static func signer(_ keys: String = new, at now: Timestamp = noon) throws -> AccessTokenSigner {
    AccessTokenSigner(keys: try SigningKeys(keys), clock: WallClock { now })
  }

  static func accessClaims() throws -> AccessClaims {
    AccessClaims(
      subject: UserSubject(text: "0c5f3a9e-0000-4000-8000-000000000001"),
      tenantID: 9_007_199_254_740_993,
      tenantSlug: try #require(TenantSlug("umc")), session: SessionID(text: "s-1"),
      tokenID: "\"quoted\"", now: noon)
  }

  static let refreshClaims = RefreshClaims(
    subject: UserSubject(text: "somebody"), tenantID: 7, session: SessionID(text: "s-3"),
    sequence: 41, tokenID: "j", now: noon)

  /// A genuine signature over anything.
  static func forge(
    header: String? = nil, _ payload: String, key: String = new
  ) throws -> String {
    let id = Hexadecimal.encode(try Digest.sha256(key).prefix(4))
    let header = header ?? #"{"alg":"HS256","kid":"KID"}"#
    let input =
      Base64.text(header.replacing("KID", with: id).utf8, as: .url) + "."
      + Base64.text(payload.utf8, as: .url)
    return input + "."
      + Base64.text(
        try JSONWebToken.signature(of: input, with: Array(key.utf8)), as: .url)
  }

  static let payload = """
    {"typ":"access","sub":"s","tid":7,"tenant_slug":"umc","sid":"3","jti":"j","iat":1749988800,\
    "exp":1749989700}
    """

  @Test("the signature of RFC 7515 appendix A.1")
  func appendixA1() throws {
    let input =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
      + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    let key = try #require(
      Base64.decode(
        exactly:
          "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        as: .url))
    #expect(
      Base64.text(try JSONWebToken.signature(of: input, with: key), as: .url)
        == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
  }

  @Test("what was signed is read back, until the second of its expiry")
  func roundTrip() throws {
    let access = try Self.accessClaims()
    #expect(access.issuedAt.microseconds == 1_749_988_800_000_000)
    #expect(access.expiresAt.since(access.issuedAt) == .seconds(900))
    let token = try Self.signer().sign(access)
    #expect(try Self.signer().access(token) == access)
    let last = access.expiresAt.advanced(by: .microseconds(-1))
    #expect(try Self.signer(at: last).access(token) == access)
    let expired = try Self.signer(at: access.expiresAt)
    #expect(throws: TokenError.expired) { try expired.access(token) }
    #expect(try expired.access(token, evenExpired: true) == access)
    let refresh = try Self.signer().sign(Self.refreshClaims)
    #expect(try Self.signer().refresh(refresh) == Self.refreshClaims)
    #expect(Self.refreshClaims.expiresAt.since(Self.refreshClaims.issuedAt) == .seconds(604_800))
  }

  @Test("a token from a node whose clock is ahead counts for up to a minute")
  func skew() throws {
    let token = try Self.signer().sign(try Self.accessClaims())
    let issued = try Self.accessClaims().issuedAt
    _ = try Self.signer(at: issued.advanced(by: .seconds(-60))).access(token)
    let behind = try Self.signer(at: issued.advanced(by: .microseconds(-60_000_001)))
    #expect(throws: TokenError.notYetValid) { try behind.access(token) }
  }

  @Test("one kind of token is never taken for the other")
  func kinds() throws {
    let signer = try Self.signer()
    let access = try signer.sign(try Self.accessClaims())
    let refresh = try signer.sign(Self.refreshClaims)
    #expect(throws: TokenError.wrongClaim("typ")) { try signer.access(refresh) }
    #expect(throws: TokenError.wrongClaim("typ")) { try signer.refresh(access) }
  }

  @Test("keys rotate: the first signs, all verify, dropped ones do not")
  func rotation() throws {
    let before = try Self.signer(Self.old).sign(try Self.accessClaims())
    let both = try Self.signer("\(Self.new) , \(Self.old)")
    _ = try both.access(before)
    let after = try both.sign(try Self.accessClaims())
    _ = try Self.signer(Self.new).access(after)
    #expect(throws: TokenError.unknownKey) { try Self.signer(Self.old).access(after) }
    #expect(throws: TokenError.unknownKey) { try Self.signer(Self.new).access(before) }
  }

  @Test("keys that are no keys are told by number, and nothing of them is printed")
  func keys() throws {
    #expect(throws: SigningKeys.Problem.empty) { try SigningKeys(" , ,") }
    #expect(throws: SigningKeys.Problem.tooShort(2)) {
      try SigningKeys(Self.new + "," + String(repeating: "x", count: 31))
    }
    _ = try SigningKeys(String(repeating: "x", count: 32))
    #expect(throws: SigningKeys.Problem.duplicate(2)) {
      try SigningKeys("\(Self.new),\(Self.new)")
    }
    let keys = try SigningKeys(Self.new)
    #expect("\(keys)" == "(redacted)")
    #expect(String(reflecting: keys) == "(redacted)")
  }

  @Test("every single flipped bit of a token is noticed")
  func tampering() throws {
    let signer = try Self.signer()
    let token = Array(try signer.sign(try Self.accessClaims()).utf8)
    for index in token.indices {
      for bit in 0..<7 {
        var other = token
        other[index] ^= 1 << UInt8(bit)
        let text = String(decoding: other, as: UTF8.self)
        #expect(throws: TokenError.self, "byte \(index), bit \(bit)") { try signer.access(text) }
      }
    }
  }

  @Test(
    "the header chooses neither the algorithm nor an unknown key",
    arguments: [
      (#"{"alg":"none","kid":"KID"}"#, TokenError.unsupported),
      (#"{"alg":"HS512","kid":"KID"}"#, .unsupported),
      (#"{"alg":"hs256","kid":"KID"}"#, .unsupported),
      (#"{"alg":["HS256"],"kid":"KID"}"#, .unsupported),
      (#"{"kid":"KID"}"#, .unsupported),
      (#"{"alg":"HS256","kid":"KID","crit":["b64"],"b64":false}"#, .unsupported),
      (#"{"alg":"HS256"}"#, .unknownKey),
      (#"{"alg":"HS256","kid":7}"#, .unknownKey),
      (#"{"alg":"HS256","kid":"deadbeef"}"#, .unknownKey),
      (#"{"alg":"HS256","kid":"KID","kid":"KID"}"#, .malformed),
      (#"{"alg":"HS256","kid":"KID"} x"#, .malformed),
      (#"["HS256"]"#, .malformed),
      ("", .malformed),
    ])
  func headers(header: String, error: TokenError) throws {
    let token = try Self.forge(header: header, Self.payload)
    #expect(throws: error) { try Self.signer().access(token) }
    // Without a signature at all.
    let unsigned = token.split(separator: ".", omittingEmptySubsequences: false)[0..<2]
      .joined(separator: ".")
    #expect(throws: TokenError.self) { try Self.signer().access(unsigned + ".") }
    #expect(throws: TokenError.self) { try Self.signer().access(unsigned) }
  }

  @Test(
    "a genuine token with a claim that is missing, of another type or twice does not count",
    arguments: [
      (#""typ":"access""#, #""typ":"refresh""#, TokenError.wrongClaim("typ")),
      (#""typ":"access","#, "", .wrongClaim("typ")),
      (#""sub":"s""#, #""sub":"""#, .wrongClaim("sub")),
      (#""sub":"s""#, #""sub":1"#, .wrongClaim("sub")),
      (#""tid":7"#, #""tid":"7""#, .wrongClaim("tid")),
      (#""tid":7"#, #""tid":7.5"#, .wrongClaim("tid")),
      (#""tid":7"#, #""tid":99999999999999999999"#, .wrongClaim("tid")),
      (#""tid":7"#, #""tid":true"#, .wrongClaim("tid")),
      (#""tenant_slug":"umc""#, #""tenant_slug":"-""#, .wrongClaim("tenant_slug")),
      (#""sid":"3","#, "", .wrongClaim("sid")),
      (#""jti":"j""#, #""jti":null"#, .wrongClaim("jti")),
      (#""iat":1749988800"#, #""iat":"now""#, .wrongClaim("iat")),
      (#""exp":1749989700"#, #""exp":1749988800"#, .wrongClaim("exp")),
      (#","exp":1749989700"#, "", .wrongClaim("exp")),
      (#""sid":"3""#, #""sid":3"#, .wrongClaim("sid")),
      (#""sid":"3""#, #""sid":"3","sid":"4""#, .malformed),
      (#"{"typ""#, #"[{"typ""#, .malformed),
    ])
  func claims(original: String, replacement: String, error: TokenError) throws {
    _ = try Self.signer().access(try Self.forge(Self.payload))
    #expect(Self.payload.contains(original))
    let token = try Self.forge(Self.payload.replacing(original, with: replacement))
    #expect(throws: error) { try Self.signer().access(token) }
  }

  @Test("a refresh token counts with its number only")
  func sequence() throws {
    let payload = #"{"typ":"refresh","sub":"s","tid":7,"sid":"3","jti":"j","iat":1749988800,"#
    let signer = try Self.signer()
    let good = try Self.forge(payload + #""seq":5,"exp":1749989700}"#)
    #expect(try signer.refresh(good).sequence == 5)
    let bad = try Self.forge(payload + #""exp":1749989700}"#)
    #expect(throws: TokenError.wrongClaim("seq")) { try signer.refresh(bad) }
  }

  @Test("tokens of 4,095 and 4,096 bytes are read, one of 4,097 is not")
  func size() throws {
    // A comment inside fills the token up; four payload characters are three bytes.
    func token(length: Int) throws -> String {
      for padding in 0..<4_000 {
        let filler = String(repeating: "x", count: 2_500 + padding)
        let text = try Self.forge(Self.payload.replacing("}", with: #","x":"\#(filler)"}"#))
        if text.utf8.count == length { return text }
        // Lengths that base64url cannot have: make the header a byte longer.
        if text.utf8.count > length { break }
      }
      for padding in 0..<4_000 {
        let filler = String(repeating: "x", count: 2_500 + padding)
        let text = try Self.forge(
          header: #"{"alg":"HS256","kid":"KID" }"#,
          Self.payload.replacing("}", with: #","x":"\#(filler)"}"#))
        if text.utf8.count == length { return text }
        if text.utf8.count > length { break }
      }
      throw TokenError.malformed
    }
    let signer = try Self.signer()
    _ = try signer.access(try token(length: 4_095))
    _ = try signer.access(try token(length: 4_096))
    let long = try token(length: 4_097)
    #expect(throws: TokenError.tooLarge) { try signer.access(long) }
  }

  @Test("PyJWT reads our tokens, and we read PyJWT's")
  func foreign() async throws {
    let access = try Self.accessClaims()
    let token = try Self.signer().sign(access)
    let lines = try await Python.run(
      """
      import json, jwt, sys
      token, key, kid = sys.argv[1:]
      options = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "sub"]}
      claims = jwt.decode(token, key, algorithms=["HS256"], options=options)
      print(jwt.get_unverified_header(token) == {"alg": "HS256", "kid": kid, "typ": "JWT"})
      print(sorted(claims) == sorted(
          ["typ", "sub", "tid", "tenant_slug", "sid", "jti", "iat", "exp"]))
      print(claims["tid"], claims["exp"] - claims["iat"], claims["jti"])
      print(jwt.encode(claims, key, algorithm="HS256", headers={"kid": kid}))
      claims["exp"] = claims["iat"] - 1
      print(jwt.encode(claims, key, algorithm="HS256", headers={"kid": kid}))
      print(jwt.encode(claims, key, algorithm="HS384", headers={"kid": kid}))
      print(jwt.encode(claims, None, algorithm="none", headers={"kid": kid}))
      """, [token, Self.new, Hexadecimal.encode(try Digest.sha256(Self.new).prefix(4))])
    try #require(lines.count == 7)
    #expect(lines[0] == "True")
    #expect(lines[1] == "True")
    #expect(lines[2] == "9007199254740993 900 \"quoted\"")
    let signer = try Self.signer()
    #expect(try signer.access(lines[3]) == access)
    #expect(throws: TokenError.wrongClaim("exp")) { try signer.access(lines[4]) }
    #expect(throws: TokenError.unsupported) { try signer.access(lines[5]) }
    #expect(throws: TokenError.unsupported) { try signer.access(lines[6]) }
  }
}
