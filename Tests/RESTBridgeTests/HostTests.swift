// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import RESTBridge

@Suite("Hosts", .timeLimit(.minutes(5)))
struct HostTests {
  @Test(
    "a host is compared without case and port",
    arguments: [
      ("UMC.localhost", "umc.localhost", nil), ("umc.localhost:8000", "umc.localhost", 8000),
      ("umc.localhost.:80", "umc.localhost", 80), ("api:", "api", nil),
      ("[2001:DB8::1]:443", "2001:db8::1", 443), ("[::1]", "::1", nil),
      ("10.0.0.1:1", "10.0.0.1", 1),
      ("my_host-1.example", "my_host-1.example", nil),
    ] as [(String, String, Int?)])
  func parsing(text: String, name: String, port: Int?) throws {
    let host = try #require(RequestHost(text))
    #expect(host.name == name && host.port == port)
  }

  @Test(
    "what is no host is none",
    arguments: [
      "", ".", ":80", "a b", "a/b", "a@b", "[::1", "[::1]x", "[x]", "::1", "a:65536", "a:-1",
      "a:1:2",
      "a:b", "é.example", String(repeating: "a", count: 254),
    ])
  func noHosts(text: String) {
    #expect(RequestHost(text) == nil)
  }

  @Test("hosts of tenants and of the installation are served, whatever their case and port")
  func served() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.publicHosts = ["api", "localhost", "Status.Example.com"]
    try await BridgeFixture.run(configuration: configuration) { bridge in
      let hosts = [
        "umc.localhost", "UMC.LocalHost:8000", "umc.localhost.", "acme.localhost", "api",
        "api:8000",
        "localhost", "status.example.com", "127.0.0.1:8000", "[::1]:8000", "203.0.113.7",
      ]
      for host in hosts {
        for path in ["/", "/static/live.js", "/auth/me/"] {
          let answer = try await bridge.send("GET", path, host: host)
          #expect(answer.status == 200, "\(host)\(path): \(answer.body)")
        }
      }
    }
  }

  @Test("an unknown host is 404 in JSON on every path, with CORS headers, but for health")
  func unknown() async throws {
    let origin = "https://app.example.com"
    let configuration = RESTBridgeConfiguration(allowedOrigins: [origin])
    try await BridgeFixture.run(configuration: configuration) { bridge in
      for host in ["nobody.localhost", "umc.localhost.evil.example", "umc", "a b"] {
        for path in [
          "/", "/static/live.js", "/auth/me/", "/nope", "/ingest/latest/ahu-1/", "/media/x",
        ] {
          let answer = try await bridge.send(
            "GET", path, headers: ["Origin: \(origin)"], host: host)
          #expect(answer.status == 404 && answer.body == #"{"detail":"Unknown host."}"#, "\(path)")
          #expect(answer.headers["access-control-allow-origin"] == origin)
          #expect(answer.headers["access-control-allow-credentials"] == "true")
          #expect(answer.headers["x-content-type-options"] == "nosniff")
        }
        let post = try await bridge.send("POST", "/auth/login/", json: "{}", host: host)
        #expect(post.status == 404 && post.detail == "Unknown host.")
        let preflight = try await bridge.send(
          "OPTIONS", "/auth/login/",
          headers: ["Origin: \(origin)", "Access-Control-Request-Method: PATCH"], host: host)
        #expect(preflight.status == 204)
        #expect(
          preflight.headers["access-control-allow-methods"]
            == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        #expect(try await bridge.send("GET", "/api/health", host: host).status == 200)
      }
      #expect(bridge.accounts.callCount == 0)
    }
  }

  @Test("a suspended tenant's host is 403, one that cannot be looked up 503")
  func closed() async throws {
    try await BridgeFixture.run { bridge in
      for path in ["/", "/auth/login/", "/nope"] {
        let closed = try await bridge.send("GET", path, host: "Closed.localhost:80")
        #expect(closed.status == 403 && closed.detail == "This organization is suspended.")
        let slow = try await bridge.send("GET", path, host: "slow.localhost")
        #expect(slow.status == 503 && slow.headers["retry-after"] == "1" && slow.detail != nil)
      }
      #expect(try await bridge.send("GET", "/health", host: "closed.localhost").status == 200)
    }
  }
}

@Suite("HTTPS", .timeLimit(.minutes(5)))
struct HTTPSTests {
  private static func configuration(redirects: Bool) throws -> RESTBridgeConfiguration {
    RESTBridgeConfiguration(
      trustedProxies: [try #require(NetworkRange("127.0.0.0/8"))], redirectsToHTTPS: redirects)
  }

  private static let secure = ["X-Forwarded-Proto: https"]

  @Test("plain requests are sent to HTTPS or refused, but for health and readings")
  func redirects() async throws {
    try await BridgeFixture.run(configuration: Self.configuration(redirects: true)) { bridge in
      for method in ["GET", "HEAD"] {
        let arguments = method == "HEAD" ? ["-I"] : []
        let answer = try await Curl.run(
          arguments + [
            "-H", "Host: UMC.localhost:8000",
            "http://127.0.0.1:\(bridge.port)/team/members/?page=2",
          ])
        #expect(answer.status == 308)
        #expect(answer.headers["location"] == "https://umc.localhost/team/members/?page=2")
      }
      for method in ["POST", "PATCH", "DELETE"] {
        let answer = try await bridge.send(method, "/auth/me/", json: "{}")
        #expect(answer.status == 403 && answer.detail == "Use HTTPS.")
      }
      #expect(try await bridge.send("GET", "/ingest/latest/ahu-1/").status == 308)
      #expect(try await bridge.send("GET", "/health/").status == 200)
      #expect(try await bridge.post(IngestRouteTests.reading()).status == 201)
      #expect(try await bridge.send("GET", "/auth/me/", headers: Self.secure).status == 200)
      // No redirect to a host that somebody made up.
      #expect(try await bridge.send("GET", "/", host: "evil.example").status == 404)
      #expect(bridge.accounts.callCount == 1)
    }
  }

  @Test("browsers on HTTPS are told to stay there, others are not")
  func strictTransport() async throws {
    try await BridgeFixture.run(configuration: Self.configuration(redirects: false)) { bridge in
      for path in ["/", "/nope", "/health/", "/auth/me/"] {
        let secure = try await bridge.send("GET", path, headers: Self.secure)
        #expect(
          secure.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains")
        #expect(secure.headers["cross-origin-opener-policy"] == "same-origin")
        let plain = try await bridge.send("GET", path)
        #expect(plain.status == secure.status)
        #expect(plain.headers["strict-transport-security"] == nil)
      }
    }
    var without = try Self.configuration(redirects: false)
    without.hstsSeconds = 0
    try await BridgeFixture.run(configuration: without) { bridge in
      let answer = try await bridge.send("GET", "/", headers: Self.secure)
      #expect(answer.headers["strict-transport-security"] == nil)
    }
  }

  @Test("the addresses of pages have the client's scheme")
  func schemeOfLinks() async throws {
    try await BridgeFixture.run(configuration: Self.configuration(redirects: true)) { bridge in
      bridge.accounts.record.count.withLock { $0 = 51 }
      let answer = try await bridge.send(
        "GET", "/api/team/members/", headers: Self.secure, host: "umc.localhost:443")
      #expect(answer.json["next"] as? String == "https://umc.localhost/api/team/members/?page=2")
    }
  }
}
