// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension EndToEnd {
  /// What was measured, as the browser app and people ask for it, with curl, from the route to the row.
  @Suite("Telemetry over REST", .timeLimit(.minutes(15)))
  struct TelemetryRESTTests {
    /// Values 0…23 of one sensor, five minutes apart, the newest a minute ago.
    private static func readings(of device: String) -> [Sample] {
      let now = Date()
      return (0..<24).map { number in
        var sample = Sample(ago: 60_000 + (23 - number) * 300_000, now: now)
        sample.device = device
        sample.value = "\(number)"
        return sample
      }
    }

    private func object(_ answer: HTTPAnswer) throws -> [String: Any] {
      #expect(answer.status == 200, "\(answer.body)")
      let json = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
      return try #require(json as? [String: Any])
    }

    private func rows(_ answer: HTTPAnswer, _ key: String) throws -> [[String: Any]] {
      try #require(try object(answer)[key] as? [[String: Any]])
    }

    @Test("every question about the same readings has the same answer")
    func sameAnswers() async throws {
      try await TestStack.with { stack in
        let samples = Self.readings(of: "ESP32-03")
        let posted = try await stack.post("[\(samples.map(\.body).joined(separator: ","))]")
        #expect([200, 201].contains(posted.status), "\(posted.body)")
        let device = "ESP32-03"
        let wanted = "sensor_id=temp_001"

        let history = try await rows(
          stack.get("/ingest/history/\(device)/?interval=1h&\(wanted)"), "data")
        #expect(history.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 24)
        #expect(history.last?["last"] as? Double == 23 && history.first?["min"] as? Double == 0)

        // As the seed asks; a kind of metric types, one of them in any case, and neither.
        for (type, count) in [("temperature", 24), ("TEMP_supply", 24), ("pressure", 0)] {
          let rows = try await rows(
            stack.get("/ingest/history/\(device)/?interval=5m&sensor_type=\(type)"), "data")
          #expect(rows.count == count, "\(type)")
        }
        let mistyped = try await stack.get("/ingest/history/\(device)/?sensor_type=temprature")
        #expect(mistyped.status == 400 && mistyped.body.contains("sensor_type"), "\(mistyped.body)")

        let listed = try await object(
          stack.get("/ingest/readings/?device_id=\(device)&\(wanted)&page_size=10&page=3"))
        #expect(listed["count"] as? Int == 24 && listed["next"] is NSNull)
        let last = try #require(listed["results"] as? [[String: Any]])
        #expect(last.map { $0["value"] as? Double } == [3, 2, 1, 0])

        let days = try await rows(
          stack.get("/ingest/aggregates/?bucket=1d&device_id=\(device)&\(wanted)"), "results")
        #expect(days.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 24)
        #expect(days.first?["last_value"] as? Double == 23)
        let series = try await stack.get(
          "/api/telemetry/series/?bucket=5m&device_id=\(device)&limit=2")
        #expect(series.status == 200 && series.body.hasPrefix("[{"))

        let totals = try await object(stack.get("/ingest/telemetry/?device_id=\(device)&\(wanted)"))
        #expect(totals["count"] as? Int == 24)
        let sensor = try #require((totals["sensors"] as? [[String: Any]])?.first)
        #expect(sensor["avg"] as? Double == 11.5 && sensor["last"] as? Double == 23)

        let summary = try await object(stack.get("/ingest/summary/\(device)/"))
        #expect(summary["status"] as? String == "ONLINE")
        let statistics = try #require(summary["statistics"] as? [String: Any])
        #expect(statistics["total_readings_24h"] as? Int == 24)
        #expect(statistics["sensors_online"] as? Int == 1)

        let csv = try await stack.get("/ingest/history/\(device)/?interval=raw&format=csv")
        #expect(csv.body.components(separatedBy: "\r\n").count == 26)
        let thin = try await rows(
          stack.get("/ingest/history/\(device)/?interval=raw&downsample=lttb&points=5"), "data")
        #expect(thin.count == 5)
        #expect(try await stack.get("/ingest/summary/nobody/").status == 404)
      }
    }

    @Test("an admin says how long readings are kept; a reader is refused")
    func settings() async throws {
      try await TestStack.with { stack in
        let key = "X-Api-Key: \(try await stack.apiKey(of: "umc", ["admin"]))"
        let path = "/tenant/telemetry/"
        let set = try await stack.rest(
          "PATCH", path, #"{"raw_days":90}"#, host: TestStack.host, headers: [key])
        #expect(try object(set)["raw_days"] as? Int == 90)
        let read = try await stack.get(path, headers: [key])
        #expect(try object(read)["compress_after_days"] as? Int == 0)
        let few = try await stack.rest(
          "PATCH", path, #"{"raw_days":1}"#, host: TestStack.host, headers: [key])
        #expect(few.status == 400 && few.body.contains("raw_days"))
        #expect(try await stack.get(path).status == 403)
      }
    }
  }
}
