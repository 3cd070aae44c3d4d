// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import RPCRuntime
import Synchronization
import Testing

@testable import RESTBridge

@Suite("A session in a browser", .timeLimit(.minutes(5)))
struct SessionTests {
  private static let both = "Cookie: a=b; access_token=old.access; refresh_token=old.refresh"
  private static let own = "Origin: http://umc.localhost"

  @Test("tokens leave as cookies and never in the body", arguments: [true, false])
  func tokensOut(isSecure: Bool) async throws {
    let configuration = RESTBridgeConfiguration(cookieSecure: isSecure)
    try await BridgeFixture.run(configuration: configuration) { bridge in
      let requests = [
        ("/auth/login/", "{}"), ("/auth/refresh/", #"{"refresh_token":"r"}"#),
        ("/api/auth/token/refresh", #"{"refresh_token":"r"}"#),
        ("/auth/change-password/", "{}"), ("/users/me/change-password/", "{}"),
      ]
      let end = "; Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
      for (path, json) in requests {
        let answer = try await bridge.send("POST", path, json: json)
        #expect(answer.status == 200)
        #expect(
          answer.cookies == [
            "access_token=new.access.jwt; Max-Age=900\(end)",
            "refresh_token=new.refresh.jwt; Max-Age=604800\(end)",
          ], "\(path)")
        #expect(!answer.body.contains("token") && !answer.body.contains("jwt"), "\(answer.body)")
        #expect(answer.json["message"] is String)
      }
      let login = try await bridge.send("POST", "/auth/login/", json: "{}")
      #expect(login.json.keys.sorted() == ["message", "tenant", "user"])
      #expect(try await bridge.send("GET", "/auth/me/").cookies == [])
    }
  }

  @Test("a successful logout and a refused refresh clear both cookies, others do not")
  func clearing() async throws {
    try await BridgeFixture.run { bridge in
      let cleared = [
        "access_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure",
        "refresh_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure",
      ]
      let out = try await bridge.send(
        "POST", "/auth/logout/", json: "{}", headers: [Self.both, Self.own])
      #expect(out.status == 200 && out.cookies == cleared)
      let without = try await bridge.send("POST", "/auth/refresh/", json: "{}")
      #expect(without.status == 401 && without.cookies == cleared)
      #expect(without.detail == "No refresh token.")
      bridge.accounts.fail(with: RPCError(.unauthenticated, "m"))
      for path in ["/auth/logout/", "/auth/login/"] {
        let answer = try await bridge.send("POST", path, json: "{}")
        #expect(answer.status == 401 && answer.cookies == [], "\(path)")
      }
      bridge.accounts.fail(with: RPCError(.unavailable, "m"))
      let down = try await bridge.send(
        "POST", "/auth/refresh/", json: "{}", headers: [Self.both, Self.own])
      #expect(down.status == 503 && down.cookies == [])
    }
  }

  @Test("logout and refresh get their tokens from the cookies, and from the body without")
  func tokensIn() async throws {
    try await BridgeFixture.run { bridge in
      let body = #"{"access_token":"b.access","refresh_token":"b.refresh"}"#
      func request(_ path: String, _ headers: [String]) async throws -> String {
        _ = try await bridge.send("POST", path, json: body, headers: headers)
        return try #require(bridge.accounts.last).json
      }
      let cookies = [Self.both, Self.own]
      #expect(
        try await request("/auth/logout/", cookies)
          == #"{"access_token":"old.access","refresh_token":"old.refresh"}"#)
      #expect(
        try await request("/auth/logout/", [])
          == #"{"access_token":"b.access","refresh_token":"b.refresh"}"#)
      #expect(
        try await request("/auth/refresh/", cookies) == #"{"refresh_token":"old.refresh"}"#)
      #expect(try await request("/auth/refresh/", []) == #"{"refresh_token":"b.refresh"}"#)
      // FE2's refresh.
      let plain = try await bridge.send(
        "POST", "/api/auth/token/refresh/", json: "{}", headers: cookies)
      #expect(plain.status == 200)
    }
  }

  @Test("the access cookie is the Bearer token, before the header; keys are passed on")
  func credentials() async throws {
    try await BridgeFixture.run { bridge in
      let cases: [([String], String?)] = [
        ([], nil),
        (["Cookie: access_token=c.t"], "Bearer c.t"),
        (["Cookie: access_token=c.t", "Authorization: Bearer h.t"], "Bearer c.t"),
        (["Authorization: Bearer h.t"], "Bearer h.t"),
        (["Cookie: access_token=", "Authorization: Bearer h.t"], "Bearer h.t"),
        (["Cookie: access_token=1; access_token=2"], "Bearer 1"),
        (["Cookie: xaccess_token=1; Access_token=2"], nil),
      ]
      for (headers, expected) in cases {
        _ = try await bridge.send("GET", "/auth/me/", headers: headers)
        #expect(bridge.accounts.last?.metadata["authorization"] == expected, "\(headers)")
        // The routes made by hand have it as well.
        _ = try await bridge.send("GET", "/ingest/latest/ahu-1/", headers: headers)
        let seen = bridge.service.state.withLock { $0.lastMetadata }
        #expect(seen["authorization"] == expected, "\(headers)")
      }
      _ = try await bridge.send(
        "GET", "/auth/me/",
        headers: ["X-Api-Key: k", "X-Device-Token: d", "X-Tenant: umc", "User-Agent: browser"])
      let metadata = try #require(bridge.accounts.last).metadata
      #expect(metadata["x-api-key"] == "k" && metadata["x-device-token"] == "d")
      #expect(metadata["x-tenant"] == "umc" && metadata["user-agent"] == "browser")
      #expect(bridge.accounts.last?.authority == "umc.localhost")
    }
  }

  @Test("stale cookies do not keep anybody from what is open, wherever the page is from")
  func staleCookies() async throws {
    try await BridgeFixture.run { bridge in
      for origin in [[], ["Origin: https://evil.example"]] {
        for path in ["/auth/login/", "/auth/register/", "/auth/password-reset/request/"] {
          let answer = try await bridge.send(
            "POST", path, json: "{}", headers: [Self.both] + origin)
          #expect(answer.status < 300, "\(path) \(answer.body)")
        }
      }
      #expect(try await bridge.send("GET", "/health/", headers: [Self.both]).status == 200)
      #expect(try await bridge.send("GET", "/", headers: [Self.both]).status == 200)
    }
  }

  @Test("tokens of a session do not show in descriptions")
  func redaction() {
    let cookies = SessionCookies([.cookie: "access_token=secret; refresh_token=secret"])
    #expect(cookies.access == "secret" && cookies.refresh == "secret")
    #expect("\(cookies) \(String(reflecting: cookies))" == "(redacted) (redacted)")
  }
}

@Suite("Requests of foreign pages", .timeLimit(.minutes(5)))
struct CrossSiteTests {
  private static let cookie = "Cookie: access_token=c.t"
  private static let allowed = "https://app.example.com"

  @Test(
    "a change on the strength of a cookie needs a page of the host or of an allowed origin",
    arguments: [
      (["Origin: http://umc.localhost"], true),
      (["Origin: https://umc.localhost"], true),
      (["Origin: http://UMC.localhost:80"], true),
      (["Origin: \(allowed)"], true),
      (["Referer: http://umc.localhost/team?x=http://evil.example"], true),
      (["Referer: \(allowed)/a/b"], true),
      (["X-Api-Key: k"], true),
      (["X-Device-Token: k"], true),
      ([], false),
      (["Origin: null"], false),
      (["Origin: http://umc.localhost:5173"], false),
      (["Origin: http://acme.localhost"], false),
      (["Origin: http://umc.localhost.evil.example"], false),
      (["Origin: http://evil.example/umc.localhost"], false),
      (["Origin: file://umc.localhost"], false),
      (["Origin: http://app.example.com"], false),
      (["Origin: https://evil.example", "Referer: http://umc.localhost/"], false),
      (["Referer: https://evil.example/http://umc.localhost/"], false),
      (["Referer: http://umc.localhost@evil.example/"], false),
      (["Authorization: Bearer h.t"], false),
    ])
  func matrix(headers: [String], isAllowed: Bool) async throws {
    let configuration = RESTBridgeConfiguration(allowedOrigins: [Self.allowed])
    try await BridgeFixture.run(configuration: configuration) { bridge in
      let calls = [
        ("PATCH", "/auth/me/", "{}"), ("DELETE", "/team/members/7/", nil),
        ("POST", "/tenant/api-keys/", "{}"), ("PUT", "/team/members/7/", "{}"),
        ("POST", "/auth/logout/", "{}"),
      ]
      for (method, path, json) in calls {
        let count = bridge.accounts.callCount
        let answer = try await bridge.send(
          method, path, json: json, headers: headers + [Self.cookie])
        #expect((answer.status < 300) == isAllowed, "\(method) \(path) \(answer.body)")
        if !isAllowed {
          #expect(answer.status == 403 && answer.detail?.contains("Origin") == true)
          #expect(bridge.accounts.callCount == count)
        }
      }
      let refresh = try await bridge.send(
        "POST", "/auth/refresh/", json: "{}", headers: headers + ["Cookie: refresh_token=r"])
      #expect((refresh.status == 200) == isAllowed)
      // Without cookies, and for what changes nothing, it does not matter.
      #expect(
        try await bridge.send("PATCH", "/auth/me/", json: "{}", headers: headers).status == 200)
      #expect(
        try await bridge.send("GET", "/auth/me/", headers: headers + [Self.cookie]).status == 200)
      #expect(
        try await bridge.send("POST", "/auth/refresh/", json: #"{"refresh_token":"r"}"#).status
          == 200)
    }
  }

  @Test("readings are subject to it only when a cookie is the only credential")
  func ingest() async throws {
    try await BridgeFixture.run { bridge in
      let key = MemoryTelemetryService.apiKey
      let reading = IngestRouteTests.reading()
      let foreign = ["Origin: https://evil.example", Self.cookie]
      func status(_ headers: [String], _ json: String = reading) async throws -> Int {
        try await bridge.send("POST", "/ingest/", json: json, headers: headers).status
      }
      let refused = try await status(foreign)
      #expect(refused == 403)
      #expect(try await status([Self.cookie]) == 403)
      // The cookie is let through; the service of this test wants a key.
      #expect(try await status([Self.cookie, "Origin: http://umc.localhost"]) == 401)
      for header in ["X-Api-Key: \(key)", "X-Device-Token: \(key)", "Authorization: Bearer \(key)"]
      {
        #expect(try await status(foreign + [header]) == 201)
      }
      let inBody = IngestRouteTests.reading(more: #","api_key":"\#(key)""#)
      #expect(try await status(foreign, inBody) == 201)
      let seen = bridge.service.state.withLock { $0.lastMetadata }
      #expect(seen["authorization"] == nil, "beside a key a cookie does not count")
    }
  }
}
