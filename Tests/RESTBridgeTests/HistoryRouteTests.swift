// SPDX-License-Identifier: Apache-2.0

import Foundation
import RPCRuntime
import Synchronization
import Testing
import TrakSenseAPI

@testable import RESTBridge

@Suite("History over REST", .timeLimit(.minutes(5)))
struct HistoryRouteTests {
  private static func service(points: Int) -> MemoryTelemetryService {
    ReadRouteTests.service(points: points)
  }

  @Test("a limit never cuts silently: the cursor leads through all rows")
  func cursor() async throws {
    try await BridgeFixture.run(service: Self.service(points: 7)) { bridge in
      var values: [Double] = []
      var cursor: String?
      repeat {
        let answer = try await bridge.curl(
          path: "/ingest/history/ahu-1/?limit=3" + (cursor.map { "&cursor=\($0)" } ?? ""))
        let rows = try #require(answer.json["data"] as? [[String: Any]])
        values += rows.compactMap { $0["value"] as? Double }
        cursor = answer.json["next_cursor"] as? String
        #expect(answer.json["truncated"] as? Bool == (cursor != nil))
      } while cursor != nil
      #expect(values == (0..<7).map(Double.init))
    }
  }

  @Test(
    "an asset has a history below both prefixes",
    arguments: ["ingest", "telemetry", "api/telemetry"])
  func asset(prefix: String) async throws {
    try await BridgeFixture.run(service: Self.service(points: 1)) { bridge in
      let answer = try await bridge.curl(path: "/\(prefix)/assets/AHU/history/?interval=1m")
      #expect(answer.json["asset_tag"] as? String == "AHU")
      #expect(answer.json["device_id"] == nil)
      let row = try #require((answer.json["data"] as? [[String: Any]])?.first)
      #expect(row["device_id"] as? String == "ahu-1")
      #expect(row["avg_value"] as? Double == (prefix == "ingest" ? nil : 0))
      #expect(row["avg"] as? Double == (prefix == "ingest" ? 0 : nil))
    }
  }

  @Test("below /telemetry rows have the names that clients look for")
  func client() async throws {
    try await BridgeFixture.run(service: Self.service(points: 1)) { bridge in
      let raw = try await bridge.curl(path: "/api/telemetry/history/ahu-1/?sensor_id=supply")
      #expect(raw.json["sensor_ids"] as? [String] == ["supply"])
      let reading = try #require((raw.json["data"] as? [[String: Any]])?.first)
      #expect(reading["ts"] as? String == "2025-01-01T12:00:00Z")
      #expect(Set(reading.keys) == ["ts", "device_id", "sensor_id", "value", "unit"])
      let buckets = try await bridge.curl(path: "/telemetry/history/ahu-1/?interval=1m")
      #expect(buckets.json["sensor_ids"] is NSNull)
      let bucket = try #require((buckets.json["data"] as? [[String: Any]])?.first)
      #expect(bucket["bucket"] as? String == "2025-01-01T12:00:00Z")
      #expect(bucket["last_value"] as? Double == 0.5 && bucket["count"] as? Int == 60)
      let latest = try await bridge.curl(path: "/api/telemetry/latest/ahu-1/")
      #expect(latest.json["count"] as? Int == 1)
    }
  }

  @Test("CSV comes whole, when asked for by format or header")
  func csv() async throws {
    try await BridgeFixture.run(service: Self.service(points: 600)) { bridge in
      let raw = try await bridge.curl(path: "/ingest/history/ahu-1/?format=csv")
      #expect(raw.headers["content-type"] == "text/csv; charset=utf-8; header=present")
      #expect(
        raw.headers["content-disposition"] == "attachment; filename=\"history-ahu-1.csv\"")
      let lines = raw.body.components(separatedBy: "\r\n")
      #expect(lines.count == 602 && lines.last == "")
      #expect(lines[0] == "timestamp,device_id,sensor_id,sensor_type,unit,value")
      #expect(lines[2] == "2025-01-01T12:00:01Z,ahu-1,supply,temperature,°C,1.0")
      let buckets = try await bridge.curl(
        "-H", "Accept: text/csv", path: "/ingest/history/ahu-1/?interval=1m")
      #expect(
        buckets.body.hasPrefix(
          "timestamp,device_id,sensor_id,sensor_type,unit,value,min,max,last,count\r\n"))
      #expect(buckets.body.contains("°C,1.0,0.0,2.0,1.5,60\r\n"))
      let json = try await bridge.curl(
        "-H", "Accept: application/json, text/csv", path: "/ingest/history/ahu-1/")
      #expect(json.json["count"] as? Int == 600)
    }
  }

  @Test("cells are quoted where they must be, and never formulas")
  func cells() {
    func cell(_ text: String) -> String {
      var bytes: [UInt8] = []
      HistoryCSV.write(text, to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
    #expect(cell("plain 1") == "plain 1")
    #expect(cell("") == "")
    #expect(cell("a,b") == "\"a,b\"")
    #expect(cell("a\"b") == "\"a\"\"b\"")
    #expect(cell("a\r\nb") == "\"a\r\nb\"")
    for start in ["=", "+", "-", "@"] { #expect(cell(start + "1") == "'\(start)1") }
    #expect(cell("=a,b") == "\"'=a,b\"")
  }

  @Test("downsampling is passed on, without a limit beside it")
  func downsample() async throws {
    try await BridgeFixture.run(service: Self.service(points: 1)) { bridge in
      _ = try await bridge.curl(path: "/ingest/history/ahu-1/?downsample=lttb&points=100")
      let request = bridge.service.state.withLock { $0.lastHistory }
      #expect(request.downsample == "lttb" && request.points == 100 && request.limit == 0)
    }
  }
}
