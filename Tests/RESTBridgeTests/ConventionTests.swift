// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOPosix
import RESTBridge
import RPCRuntime
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ConventionTests {
  @Test("every route answers with and without slash, and below /api, and never redirects")
  func slashes() async throws {
    try await BridgeFixture.run { bridge in
      let paths = [
        "/health", "/ingest/latest/ahu-1", "/ingest/history/ahu-1", "/static/live.js",
        "/static/session.js",
      ]
      for path in paths {
        for variant in [path, "\(path)/", "/api\(path)", "/api\(path)/"] {
          let answer = try await bridge.curl(path: variant)
          #expect(answer.status == 200, "\(variant): \(answer.body)")
        }
      }
      for path in ["/ingest", "/ingest/", "/api/ingest", "/api/ingest/"] {
        let answer = try await bridge.post("{}", path: path)
        #expect(answer.status == 400 && answer.problems("device_id") != [], "\(path)")
      }
      for path in ["", "/", "/api", "/api/"] {
        let answer = try await bridge.curl(path: path)
        #expect(answer.headers["content-type"]?.hasPrefix("text/html") == true, "\(path)")
      }
    }
  }

  @Test(
    "what does not exist is 404 in JSON",
    arguments: [
      "/nope", "/ingest/latest", "/ingest/latest//", "//ingest/latest/x", "/static/../secret",
      "/static/%2e%2e%2fetc%2fpasswd", "/health/x", "/ingest/latest/%zz", "/api/api/health",
    ])
  func notFound(path: String) async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.curl("--path-as-is", path: path)
      #expect(answer.status == 404)
      #expect(answer.detail == "Not found.")
      #expect(answer.headers["content-type"] == "application/json")
    }
  }

  @Test("a wrong method is 405 in JSON and names the right ones")
  func methodNotAllowed() async throws {
    try await BridgeFixture.run { bridge in
      let wrong = try await bridge.curl("-X", "DELETE", path: "/ingest/")
      #expect(wrong.status == 405)
      #expect(wrong.detail == "Method \"DELETE\" not allowed.")
      #expect(wrong.headers["allow"] == "POST, OPTIONS")
      let read = try await bridge.curl(path: "/ingest/")
      #expect(read.status == 405)
      let head = try await bridge.curl("-I", path: "/ingest/latest/ahu-1/")
      #expect(head.status == 200 && !head.body.contains("{"))
    }
  }

  @Test("every answer carries the security headers, errors too")
  func securityHeaders() async throws {
    try await BridgeFixture.run { bridge in
      for path in ["/", "/health/", "/nope", "/ingest/stream/?x=1"] {
        let answer = try await bridge.curl(path: path)
        #expect(answer.headers["x-content-type-options"] == "nosniff")
        #expect(answer.headers["x-frame-options"] == "DENY")
        #expect(answer.headers["referrer-policy"] == "same-origin")
        let policy = try #require(answer.headers["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
      }
    }
  }

  @Test("a configured origin may read answers and errors with credentials, a foreign one may not")
  func cors() async throws {
    let configuration = RESTBridgeConfiguration(allowedOrigins: ["https://app.example.com"])
    try await BridgeFixture.run(configuration: configuration) { bridge in
      for path in ["/health/", "/nope"] {
        let ours = try await bridge.curl("-H", "Origin: https://app.example.com", path: path)
        #expect(ours.headers["access-control-allow-origin"] == "https://app.example.com")
        #expect(ours.headers["access-control-allow-credentials"] == "true")
        #expect(ours.headers["vary"] == "Origin")
        for origin in ["https://evil.example.com", "https://app.example.com.evil.org", "null"] {
          let foreign = try await bridge.curl("-H", "Origin: \(origin)", path: path)
          #expect(foreign.headers["access-control-allow-origin"] == nil)
          #expect(foreign.headers["vary"] == "Origin")
        }
      }
      let preflight = try await bridge.curl(
        "-X", "OPTIONS", "-H", "Origin: https://app.example.com",
        "-H", "Access-Control-Request-Method: POST",
        "-H", "Access-Control-Request-Headers: x-api-key", path: "/ingest/", host: "nowhere")
      #expect(preflight.status == 204)
      #expect(preflight.headers["access-control-allow-origin"] == "https://app.example.com")
      #expect(preflight.headers["access-control-allow-headers"]?.contains("X-Api-Key") == true)
      #expect(preflight.headers["access-control-max-age"] == "86400")
      let refused = try await bridge.curl(
        "-X", "OPTIONS", "-H", "Origin: https://evil.example.com",
        "-H", "Access-Control-Request-Method: POST", path: "/ingest/")
      #expect(refused.status == 204 && refused.headers["access-control-allow-origin"] == nil)
    }
  }

  @Test(
    "health is 200 when all is there and 503 when something is not",
    arguments: [(true, true, 200), (false, true, 503), (true, false, 503)])
  func health(database: Bool, mqtt: Bool, status: Int) async throws {
    try await BridgeFixture.run(health: HealthReport(database: database, mqtt: mqtt)) { bridge in
      let answer = try await bridge.curl(path: "/health/", host: "localhost")
      #expect(answer.status == status)
      #expect(
        answer.body == #"{"db":\#(database),"mqtt":\#(mqtt),"healthy":\#(database && mqtt)}"#)
    }
  }

  @Test("malformed HTTP is refused and the server lives on")
  func malformedHTTP() async throws {
    try await BridgeFixture.run { bridge in
      let nonsense = [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "POST /ingest/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /ingest/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET / HTTP/1.1\r\nX: \(String(repeating: "y", count: 20_000))\r\n\r\n",
      ]
      for text in nonsense {
        let reply = try await RawConnection.open(port: bridge.port) { connection in
          try await connection.send(text)
          await connection.readToEnd()
          return connection.received
        }
        #expect(reply.isEmpty || reply.hasPrefix("HTTP/1.1 4"), "\(reply.prefix(100))")
      }
      #expect(try await bridge.curl(path: "/health/").status == 200)
    }
  }

  @Test("a port that is taken is an error at once")
  func portTaken() async throws {
    try await BridgeFixture.run { bridge in
      let second = RESTBridge(
        channel: InProcessChannel(router: RPCRouter([bridge.service])),
        configuration: RESTBridgeConfiguration(port: bridge.port), hosts: { _ in .tenant },
        access: { _ in .open },
        health: { HealthReport(database: true, mqtt: true) },
        group: MultiThreadedEventLoopGroup.singleton,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      await #expect(throws: (any Error).self) { try await second.run() }
    }
  }

  @Test("a client that drips its header is cut off")
  func slowHeader() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.idleTimeout = .milliseconds(300)
    try await BridgeFixture.run(configuration: configuration) { bridge in
      let reply = try await RawConnection.open(port: bridge.port) { connection in
        do {
          try await connection.send("GET / HTTP/1.1\r\nHost: umc")
        } catch {
          // Cut off before it began to drip.
        }
        await connection.readToEnd()
        return connection.received
      }
      #expect(reply.isEmpty)
    }
  }

  @Test("a client that drips its body is told 408 and cut off")
  func slowBody() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.bodyTimeout = .milliseconds(300)
    try await BridgeFixture.run(configuration: configuration) { bridge in
      let reply = try await RawConnection.open(port: bridge.port) { connection in
        try await connection.send(
          "POST /ingest/ HTTP/1.1\r\nHost: umc.localhost\r\nContent-Length: 100\r\n\r\n{")
        await connection.readToEnd()
        return connection.received
      }
      #expect(reply.hasPrefix("HTTP/1.1 408 ") && reply.contains(#"{"detail":"#), "\(reply)")
    }
  }
}
