// SPDX-License-Identifier: Apache-2.0

import Foundation
import RPCRuntime
import Synchronization
import Testing
import TrakSenseAPI

@Suite("Questions about telemetry over REST", .timeLimit(.minutes(5)))
struct TelemetryQueryRouteTests {
  @Test("a summary has every key, and null for what is not known")
  func summary() async throws {
    try await BridgeFixture.run { bridge in
      for path in ["/ingest/summary/d-1/", "/api/telemetry/device/d-1/summary/"] {
        let answer = try await bridge.curl(path: path)
        #expect(
          Set(answer.json.keys) == [
            "device_id", "status", "last_seen", "sensors", "statistics", "availability_24h",
          ])
        #expect(answer.json["device_id"] as? String == "d-1")
        #expect(answer.json["last_seen"] is NSNull)
        let sensor = try #require((answer.json["sensors"] as? [[String: Any]])?.first)
        #expect(
          Set(sensor.keys) == [
            "sensor_id", "sensor_name", "sensor_type", "unit", "is_online", "last_value",
            "last_reading_at", "statistics_24h", "availability_24h", "status",
          ])
        #expect(sensor["last_value"] is NSNull)
        let statistics = try #require(sensor["statistics_24h"] as? [String: Any])
        #expect(statistics["stddev"] is NSNull && statistics["count"] as? Int == 0)
      }
    }
  }

  @Test("readings are a list with neighbouring pages; every filter reaches the call")
  func readings() async throws {
    try await BridgeFixture.run { bridge in
      bridge.accounts.record.count.withLock { $0 = 120 }
      let answer = try await bridge.curl(
        path: "/ingest/readings/?device_id=d&sensor_id=a&sensor_id=b&ts_from=2025-01-01T00:00:00Z"
          + "&ts_to=2025-01-02T00:00:00%2B01:00&value_min=0&value_max=1.5&page=2")
      #expect(answer.json["count"] as? Int == 120)
      #expect((answer.json["next"] as? String)?.contains("page=3") == true)
      #expect((answer.json["previous"] as? String)?.contains("page=1") == true)
      let call = try #require(bridge.accounts.last)
      let request = try TraksenseV1.ListReadingsRequest(json: Array(call.json.utf8))
      #expect(request.deviceID == "d" && request.sensorID == ["a", "b"] && request.page == 2)
      #expect(request.valueMin?.value == 0 && request.valueMax?.value == 1.5)
      #expect(request.tsTo == ProtoTimestamp(rfc3339: "2025-01-01T23:00:00Z"))
    }
  }

  @Test("aggregates are an object below /ingest and a bare array below /telemetry")
  func aggregates() async throws {
    try await BridgeFixture.run { bridge in
      let object = try await bridge.curl(path: "/ingest/aggregates/?bucket=1h")
      #expect(object.json["bucket"] as? String == "1h" && object.json["count"] as? Int == 1)
      #expect(object.json["truncated"] as? Bool == false)
      let array = try await bridge.curl(path: "/api/telemetry/series/?bucket=1h&limit=5")
      #expect(array.body.hasPrefix("[{") && array.body.contains("\"avg_value\":0"))
    }
  }

  @Test(
    "a bad query is 400 naming the parameter",
    arguments: [
      ("readings/?limit=5", "limit"), ("readings/?ts_from=yesterday", "ts_from"),
      ("readings/?value_min=x", "value_min"), ("readings/?page=-1", "page"),
      ("aggregates/?bucket=1h&limit=-1", "limit"), ("telemetry/?from=2025-01-01", "from"),
      ("summary/d/?x=1", "x"),
    ])
  func badQuery(path: String, field: String) async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.curl(path: "/ingest/\(path)")
      #expect(answer.status == 400, "\(answer.body)")
      #expect(!answer.problems(field).isEmpty, "\(answer.body)")
    }
  }

  @Test("settings change by what the body has")
  func settings() async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.send("PATCH", "/tenant/telemetry/", json: #"{"raw_days":30}"#)
      #expect(answer.json["raw_days"] as? Int == 30)
      let call = try #require(bridge.accounts.last)
      #expect(call.json.contains("raw_days") && call.json.contains("update_mask"))
    }
  }
}
