// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import RESTBridge
import RPCRuntime
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct IngestRouteTests {
  static func reading(
    device: String = "ahu-1", sensor: String = "supply", tenant: String? = "umc",
    value: String = "21.5", unit: String = "°C", timestamp: String = #""2025-01-01T12:00:00Z""#,
    more: String = ""
  ) -> String {
    let tenant = tenant.map { #""tenant":"\#($0)","# } ?? ""
    return """
      {"device_id":"\(device)","sensor_id":"\(sensor)",\(tenant)"value":\(value),"unit":"\(unit)",\
      "timestamp":\(timestamp)\(more)}
      """
  }

  @Test("the flat body is stored with 201, and a repetition is a duplicate with 201")
  func stored() async throws {
    try await BridgeFixture.run { bridge in
      for host in ["umc.localhost", "api:8000", "localhost"] {
        let first = try await bridge.post(
          Self.reading(timestamp: #""2025-01-01T12:00:00Z""#), host: host)
        #expect(first.status == 201)
        let isFirst = host == "umc.localhost"
        #expect(first.json["status"] as? String == (isFirst ? "stored" : "duplicate"))
        #expect(first.json["device_id"] as? String == "ahu-1")
        #expect(first.json["sensor_id"] as? String == "supply")
        #expect(first.json["timestamp"] as? String == "2025-01-01T12:00:00Z")
      }
      #expect(bridge.service.pointCount == 1)
      let read = try await bridge.curl(path: "/ingest/latest/ahu-1/?sensor_id=supply")
      #expect(read.body.contains(#""value":21.5"#))
    }
  }

  @Test("the key is taken from each of the four places, and without a right one it is 401")
  func keys() async throws {
    try await BridgeFixture.run { bridge in
      let key = MemoryTelemetryService.apiKey
      let headers = [
        "X-Api-Key: \(key)", "X-Device-Token: \(key)", "Authorization: Bearer \(key)",
        "authorization: bearer \(key)",
      ]
      for header in headers {
        let answer = try await bridge.curl(
          "-H", header, "-H", "Content-Type: application/json", "-d", Self.reading(),
          path: "/ingest/")
        #expect(answer.status == 201, "\(header)")
      }
      let inBody = Self.reading(more: #","api_key":"\#(key)""#)
      #expect(try await bridge.post(inBody, key: nil).status == 201)
      // The header goes before the body.
      #expect(try await bridge.post(inBody, key: "wrong").status == 401)
      let without = try await bridge.post(Self.reading(), key: nil)
      #expect(without.status == 401)
      #expect(without.detail == "API key is missing or wrong")
      #expect(without.headers["www-authenticate"] == "Bearer")
    }
  }

  @Test("bad data is 400 naming the field, and nothing is stored")
  func badData() async throws {
    try await BridgeFixture.run { bridge in
      let cases: [(String, String)] = [
        (Self.reading(tenant: "nobody"), "tenant"),
        (Self.reading(device: "ghost"), "device_id"),
        (Self.reading(sensor: "ghost"), "sensor_id"),
        (Self.reading(unit: "K"), "unit"),
        (Self.reading(value: "1e6"), "value"),
        (Self.reading(value: "1e999"), "value"),
        (Self.reading(value: #""NaN""#), "value"),
        (Self.reading(value: "null"), "value"),
        (Self.reading(value: "[1]"), "value"),
        (Self.reading(timestamp: #""yesterday""#), "timestamp"),
        (Self.reading(timestamp: #""2025-01-01T12:00:00""#), "timestamp"),
        (Self.reading(timestamp: "1e18"), "timestamp"),
        (Self.reading(timestamp: "null"), "timestamp"),
        (Self.reading(device: ""), "device_id"),
        (#"{"sensor_id":5}"#, "sensor_id"),
        ("{}", "unit"),
        ("[]", "readings"),
        (#"{"readings":7}"#, "readings"),
        ("7", "non_field_errors"),
        (Self.reading(tenant: nil, more: #","tenant":5"#), "tenant"),
      ]
      for (body, field) in cases {
        let host = body.contains("nobody") ? "localhost" : "umc.localhost"
        let answer = try await bridge.post(body, host: host)
        #expect(answer.status == 400, "\(body): \(answer.body)")
        #expect(!answer.problems(field).isEmpty, "\(body): \(answer.body)")
      }
      #expect(bridge.service.pointCount == 0)
    }
  }

  @Test("all missing fields are named at once")
  func missingFields() async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.post("{}")
      #expect(
        Set(answer.json.keys) == ["device_id", "sensor_id", "value", "unit", "timestamp"])
    }
  }

  @Test(
    "what is not JSON is 400 with the place",
    arguments: [
      "", "{", "nonsense", #"{"value":NaN}"#, #"{"value":1}x"#, "{\"unit\":\"\u{1}\"}",
      String(repeating: "[", count: 100_000),
    ])
  func malformed(body: String) async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request(
          "POST /ingest/", "Content-Type: application/json", "Connection: close",
          "Content-Length: \(body.utf8.count)")
        try await connection.send(body)
        await connection.readToEnd()
        return connection.received
      }
      #expect(answer.hasPrefix("HTTP/1.1 400 "))
      #expect(answer.contains(#"{"detail":"JSON parse error - "#))
    }
  }

  @Test("a batch is 201 when all was stored, 207 with each outcome when some was refused")
  func batch() async throws {
    try await BridgeFixture.run { bridge in
      let all = try await bridge.post(
        "[\(Self.reading(timestamp: "1735732800")),\(Self.reading(timestamp: "1735732801000"))]")
      #expect(all.status == 201)
      #expect(all.json["stored"] as? Int == 2)

      let mixed = """
        {"tenant":"umc","readings":[\(Self.reading(tenant: nil, timestamp: #""soon""#)),\
        \(Self.reading(tenant: nil, timestamp: "1735732800")),\
        \(Self.reading(tenant: nil, value: "999")),\(Self.reading(tenant: nil, timestamp: "5")),7]}
        """
      let some = try await bridge.post(mixed)
      #expect(some.status == 207)
      let results = try #require(some.json["results"] as? [[String: Any]])
      #expect(
        results.map { $0["status"] as? String }
          == ["refused", "duplicate", "refused", "stored", "refused"])
      #expect(
        results.map { $0["field"] as? String } == ["timestamp", nil, "value", nil, "device_id"])
      #expect(results[1]["timestamp"] as? String == "2025-01-01T12:00:00Z")
      #expect(some.json["refused"] as? Int == 3)
      #expect(bridge.service.pointCount == 3)
    }
  }

  @Test("a batch of which nothing is good is 400 with the positions of the body")
  func refusedBatch() async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.post(
        "[\(Self.reading(timestamp: #""soon""#)),\(Self.reading(unit: "K"))]")
      #expect(answer.status == 400)
      #expect(answer.problems("readings[1].unit") == ["Unit mismatch."])
      #expect(!answer.problems("readings[0].timestamp").isEmpty)
      let tenants = try await bridge.post("[\(Self.reading()),\(Self.reading(tenant: "acme"))]")
      #expect(tenants.status == 400 && !tenants.problems("tenant").isEmpty)
    }
  }

  @Test("a failure that may pass is 503 or 429 with Retry-After, and one inside tells nothing")
  func failures() async throws {
    try await BridgeFixture.run { bridge in
      let cases: [(RPCError, Int, String?)] = [
        (RPCError(.unavailable, "no database"), 503, "1"),
        (RPCError(.unavailable, "busy", retryAfter: .milliseconds(4200)), 503, "5"),
        (RPCError(.deadlineExceeded, "too slow"), 503, "1"),
        (RPCError(.resourceExhausted, "quota", retryAfter: .seconds(60)), 429, "60"),
        (RPCError(.internalError, "SELECT secret"), 500, nil),
        (RPCError(.unknown, "secret"), 500, nil),
      ]
      for (error, status, retryAfter) in cases {
        bridge.service.fail(with: error)
        let answer = try await bridge.post(Self.reading())
        #expect(answer.status == status)
        #expect(answer.headers["retry-after"] == retryAfter)
        #expect(answer.detail == (status == 500 ? "internal error" : error.message))
      }
    }
  }

  @Test("a media type other than JSON is 415")
  func mediaTypes() async throws {
    try await BridgeFixture.run { bridge in
      for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let answer = try await bridge.curl(
          "-H", "Content-Type: \(type)", "-d", Self.reading(), path: "/ingest/")
        #expect(answer.status == 415 && answer.detail?.contains(type) == true)
      }
      for type in ["application/json; charset=utf-8", "Application/JSON", "application/x+json"] {
        let answer = try await bridge.curl(
          "-H", "Content-Type: \(type)", "-H", "X-Api-Key: \(MemoryTelemetryService.apiKey)",
          "-d", Self.reading(), path: "/ingest/")
        #expect(answer.status == 201, "\(type)")
      }
    }
  }

  @Test("a body of exactly the limit is read, one byte more is 413", arguments: [-1, 0, 1])
  func bodyLimit(excess: Int) async throws {
    try await BridgeFixture.run { bridge in
      let reading = Self.reading()
      let size = (1 << 20) + excess
      let body = reading + String(repeating: " ", count: size - reading.utf8.count)
      for framing in ["Content-Length: \(size)", "Transfer-Encoding: chunked"] {
        let text =
          framing.hasPrefix("T") ? "\(String(size, radix: 16))\r\n\(body)\r\n0\r\n\r\n" : body
        let status = try await RawConnection.open(port: bridge.port) { connection in
          try await connection.request(
            "POST /ingest/", "X-Api-Key: \(MemoryTelemetryService.apiKey)", framing)
          try await connection.send(text)
          try await connection.read(until: "\r\n\r\n")
          return connection.received.prefix(12)
        }
        #expect(status == (excess > 0 ? "HTTP/1.1 413" : "HTTP/1.1 201"), "\(framing)")
      }
    }
  }

  @Test("5 MB are refused before they are sent, and the connection is closed cleanly")
  func hugeBody() async throws {
    try await BridgeFixture.run { bridge in
      let early = try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request(
          "POST /ingest/", "Content-Type: application/json", "Content-Length: 5000000")
        await connection.readToEnd()
        return connection.received
      }
      #expect(early.hasPrefix("HTTP/1.1 413 ") && early.contains(#"{"detail":"#))
      #expect(early.lowercased().contains("connection: close"))

      let folder = try TemporaryDirectory()
      let file = folder.url.appending(path: "large")
      try Data(repeating: 0x20, count: 5_000_000).write(to: file)
      let curl = try await bridge.curl(
        "-H", "Content-Type: application/json", "-H", "Expect:", "--data-binary",
        "@\(file.path)", path: "/ingest/")
      #expect(curl.status == 413)
      #expect(try await bridge.curl(path: "/health/").status == 200)
    }
  }

  @Test("when all bodies together take too much memory, further ones are 503")
  func bodiesInFlight() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.maxBodyBytesInFlight = 1000
    try await BridgeFixture.run(configuration: configuration) { bridge in
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("POST /ingest/", "Content-Length: 950")
        try await connection.send(String(repeating: " ", count: 900))
        try await eventually("the budget is used up") {
          try await bridge.post(Self.reading()).status == 503
        }
      }
      try await eventually("the budget is free again") {
        try await bridge.post(Self.reading()).status == 201
      }
    }
  }
}
