// SPDX-License-Identifier: Apache-2.0

import Foundation
import RESTBridge
import RPCRuntime
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ReadRouteTests {
  static let noon: Int64 = 1_735_732_800_000_000

  static func service(points: Int) -> MemoryTelemetryService {
    let service = MemoryTelemetryService()
    service.commit(
      (0..<points).map { .init(key: 1, timestamp: noon + Int64($0) * 1_000_000, value: Double($0)) }
    )
    return service
  }

  @Test("latest has the contract's shape, a value of 0 included")
  func latest() async throws {
    try await BridgeFixture.run(service: Self.service(points: 1)) { bridge in
      let answer = try await bridge.curl(path: "/ingest/latest/ahu-1/")
      #expect(
        answer.body == """
          {"device_id":"ahu-1","timestamp":"2025-01-01T12:00:00Z","count":1,"readings":[\
          {"device_id":"ahu-1","sensor_id":"supply","sensor_type":"temperature","value":0.0,\
          "unit":"°C","timestamp":"2025-01-01T12:00:00Z","ts":"2025-01-01T12:00:00Z"}]}
          """)
      let aliased = try await bridge.curl(path: "/api/telemetry/latest/ahu-1/")
      #expect(aliased.body == answer.body)
      let none = try await bridge.curl(path: "/ingest/latest/ahu-1/?sensor_id=return&sensor_id=x")
      #expect(none.status == 200 && none.json["count"] as? Int == 0)
      let encoded = try await bridge.curl(path: "/ingest/latest/meter%207/")
      #expect(encoded.json["device_id"] as? String == "meter 7")
    }
  }

  @Test("a request's trace and id reach the call behind it")
  func trace() async throws {
    let service = Self.service(points: 1)
    let sent = [
      "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "tracestate": "vendor=1", "x-request-id": "r-17",
    ]
    try await BridgeFixture.run(service: service) { bridge in
      let fields = sent.flatMap { ["-H", "\($0): \($1)"] }
      let answer = try await Curl.run(
        fields + [
          "-H", "Host: umc.localhost", "http://127.0.0.1:\(bridge.port)/ingest/latest/ahu-1/",
        ])
      #expect(answer.status == 200)
    }
    let metadata = service.state.withLock { $0.lastMetadata }
    for (name, value) in sent { #expect(metadata[name] == value) }
  }

  @Test(
    "in a time, + is the sign of the offset, written out or not; elsewhere it is a space",
    arguments: ["+", "%2B"])
  func plus(_ sign: String) async throws {
    try await BridgeFixture.run(service: Self.service(points: 5)) { bridge in
      for route in [
        "ingest/history/ahu-1/", "telemetry/history/ahu-1/", "ingest/assets/AHU/history/",
      ] {
        let times = "from=2025-01-01T14:00:00\(sign)02:00&to=2025-01-01T14:00:02\(sign)02:00"
        let answer = try await bridge.curl(path: "/\(route)?interval=raw&\(times)")
        #expect(answer.status == 200, "\(answer.body)")
        #expect(answer.json["from"] as? String == "2025-01-01T12:00:00Z")
        #expect(answer.json["to"] as? String == "2025-01-01T12:00:02Z")
      }
      _ = try await bridge.curl(path: "/ingest/latest/ahu-1/?sensor_id=a\(sign)b")
      #expect(
        bridge.service.state.withLock { $0.lastSensors } == [sign == "+" ? "a b" : "a+b"])
    }
  }

  @Test("an unknown device is 404, an unknown tenant too")
  func unknown() async throws {
    try await BridgeFixture.run { bridge in
      for route in ["latest", "history"] {
        let device = try await bridge.curl(path: "/ingest/\(route)/ghost/")
        #expect(device.status == 404 && device.detail == "Unknown device \"ghost\".")
      }
      let tenant = try await bridge.curl(path: "/ingest/stream/", host: "acme.localhost")
      #expect(tenant.status == 404 && tenant.detail?.contains("acme") == true)
      let none = try await bridge.curl(path: "/ingest/stream/", host: "localhost")
      #expect(none.status == 400 && !none.problems("tenant").isEmpty)
    }
  }

  @Test("the tenant of a plain host is named by query or header; the query goes first")
  func tenantParameter() async throws {
    try await BridgeFixture.run { bridge in
      let path = "/ingest/latest/ahu-1/"
      let byQuery = try await bridge.curl(path: "\(path)?tenant=umc", host: "localhost:8000")
      #expect(byQuery.status == 200)
      #expect(bridge.service.state.withLock { $0.lastAuthority } == "localhost:8000")
      let byHeader = try await bridge.curl("-H", "X-Tenant: umc", path: path, host: "localhost")
      #expect(byHeader.status == 200)
      let both = try await bridge.curl(
        "-H", "X-Tenant: umc", path: "\(path)?tenant=acme", host: "localhost")
      #expect(both.status == 404)
    }
  }

  @Test("what a client has already is answered with 304 and no body, everything else as ever")
  func entityTags() async throws {
    try await BridgeFixture.run { bridge in
      for path in ["/ingest/latest/ahu-1/", "/assets/devices/", "/assets/sites/7/"] {
        let first = try await bridge.curl(path: path)
        let tag = try #require(first.headers["etag"], "\(path): \(first.body)")
        #expect(first.status == 200 && tag.wholeMatch(of: /"[0-9a-f]{32}"/) != nil)
        #expect(first.headers["cache-control"] == "private, no-cache")
        #expect(first.headers["vary"]?.contains("Authorization") == true)
        for condition in [tag, "W/\(tag)", "\"x\", \(tag)", "\(tag),\"x\"", "*"] {
          let again = try await bridge.curl("-H", "If-None-Match: \(condition)", path: path)
          #expect(again.status == 304 && again.body.isEmpty, "\(path): \(condition)")
          #expect(again.headers["etag"] == tag && again.headers["content-type"] == nil)
          #expect(again.headers["cache-control"] == "private, no-cache")
          #expect(again.headers["x-content-type-options"] == "nosniff")
        }
        for condition in ["\"x\"", "", String(tag.dropFirst().dropLast()), "W/\"x\""] {
          let again = try await bridge.curl("-H", "If-None-Match: \(condition)", path: path)
          #expect(again.status == 200 && again.body == first.body, "\(path): \(condition)")
        }
        let head = try await bridge.curl("--head", "-H", "If-None-Match: \(tag)", path: path)
        #expect(head.status == 304)
      }
      let first = try await bridge.curl(path: "/assets/devices/")
      let other = try await bridge.curl(path: "/assets/devices/?page=2")
      #expect(other.headers["etag"] != first.headers["etag"])
      let ghost = try await bridge.curl("-H", "If-None-Match: *", path: "/ingest/latest/ghost/")
      #expect(ghost.status == 404 && ghost.headers["etag"] == nil)
      #expect(ghost.headers["cache-control"] == "no-store")
      let me = try await bridge.curl("-H", "If-None-Match: *", path: "/auth/me/")
      #expect(me.status == 200 && me.headers["etag"] == nil)
      #expect(me.headers["cache-control"] == "no-store")
    }
  }

  @Test("raw history has the seed's keys, ascending, count and truncation last")
  func rawHistory() async throws {
    try await BridgeFixture.run(service: Self.service(points: 2)) { bridge in
      let answer = try await bridge.curl(
        path: "/ingest/history/ahu-1/?from=2025-01-01T12:00:00Z&to=2025-01-01T14:00:00+01:00"
          + "&interval=raw")
      #expect(answer.json["count"] as? Int == 2, "\(answer.body)")
      #expect(
        answer.body == """
          {"device_id":"ahu-1","interval":"raw","from":"2025-01-01T12:00:00Z",\
          "to":"2025-01-01T13:00:00Z","data":[{"timestamp":"2025-01-01T12:00:00Z",\
          "sensor_id":"supply","sensor_type":"temperature","value":0.0,"unit":"°C",\
          "device_id":"ahu-1"},\
          {"timestamp":"2025-01-01T12:00:01Z","sensor_id":"supply",\
          "sensor_type":"temperature","value":1.0,"unit":"°C","device_id":"ahu-1"}],"count":2,\
          "truncated":false,"next_cursor":null}
          """)
    }
  }

  @Test("buckets add average, minimum, maximum and count")
  func buckets() async throws {
    try await BridgeFixture.run(service: Self.service(points: 1)) { bridge in
      let answer = try await bridge.curl(path: "/ingest/history/ahu-1/?interval=1m")
      let row = try #require((answer.json["data"] as? [[String: Any]])?.first)
      #expect(
        Set(row.keys) == [
          "timestamp", "sensor_id", "sensor_type", "value", "unit", "avg", "min", "max", "count",
          "last", "device_id",
        ])
      #expect(row["min"] as? Double == -1 && row["max"] as? Double == 1)
      #expect(row["count"] as? Int == 60)
    }
  }

  @Test("the limit cuts and says so", arguments: [1499, 1500, 1501])
  func limit(limit: Int) async throws {
    try await BridgeFixture.run(service: Self.service(points: 1500)) { bridge in
      let answer = try await bridge.curl(path: "/ingest/history/ahu-1/?limit=\(limit)")
      #expect(answer.json["count"] as? Int == min(limit, 1500))
      #expect((answer.json["data"] as? [Any])?.count == min(limit, 1500))
      #expect(answer.json["truncated"] as? Bool == (limit < 1500))
    }
  }

  @Test(
    "a bad query is 400 naming the parameter",
    arguments: [
      ("history/ahu-1/?from=yesterday", "from"), ("history/ahu-1/?to=2025-01-01", "to"),
      ("history/ahu-1/?limit=0", "limit"), ("history/ahu-1/?limit=-1", "limit"),
      ("history/ahu-1/?format=xml", "format"), ("history/ahu-1/?points=x", "points"),
      ("history/ahu-1/?format=csv&limit=5", "limit"), ("assets/AHU/history/?limit=0", "limit"),
      ("history/ahu-1/?limit=100001", "limit"), ("history/ahu-1/?limit=x", "limit"),
      ("history/ahu-1/?interval=2m", "interval"), ("history/ahu-1/?page=2", "page"),
      ("history/ahu-1/?from=&from=", "from"), ("latest/ahu-1/?sensor=x", "sensor"),
      ("latest/ahu-1/?sensor_id=%zz", "sensor_id"), ("stream/?from=x", "from"),
    ])
  func badQuery(path: String, field: String) async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.curl(path: "/ingest/\(path)")
      #expect(answer.status == 400)
      #expect(!answer.problems(field).isEmpty, "\(answer.body)")
    }
  }

  @Test("a history that fails on the way breaks off instead of looking complete")
  func brokenHistory() async throws {
    try await BridgeFixture.run(service: Self.service(points: 1500)) { bridge in
      bridge.service.state.withLock {
        $0.failureAfterFirstBlock = RPCError(.unavailable, "database gone")
      }
      let answer = try await bridge.curl(path: "/ingest/history/ahu-1/")
      #expect(answer.status == 200)
      // 18: the transfer ended before its end was announced.
      #expect(answer.exit == 18)
      #expect(answer.json.isEmpty)
    }
  }

  @Test("a database outage before the first row is 503")
  func outage() async throws {
    try await BridgeFixture.run { bridge in
      bridge.service.fail(with: RPCError(.unavailable, "database gone"))
      for path in ["latest/ahu-1/", "history/ahu-1/", "stream/"] {
        let answer = try await bridge.curl(path: "/ingest/\(path)")
        #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
      }
    }
  }
}
