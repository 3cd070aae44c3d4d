// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// How devices and sensors are, from the reading to what the app shows, with curl and the client's mapper.
  @Suite("Status over REST", .timeLimit(.minutes(15)))
  struct StatusRESTTests {
    private struct Shown: Decodable {
      let id: Int
      let tag: String?
      let status: String
      let isOnline: Bool
      let availability: Double?
      let connectivity: String?
    }

    private struct Interval: Decodable {
      let status: String
      let start: String
      let end: String
      let durationSeconds: Double
    }

    private struct History: Decodable {
      let from: String
      let to: String
      let availability: Double?
      let truncated: Bool
      let intervals: [Interval]
    }

    private struct Listed<Item: Decodable>: Decodable {
      let count: Int
      let results: [Item]
    }

    private struct Health: Decodable {
      let healthScore: Int
      let updatedAt: String
    }

    private struct Asset: Decodable {
      struct Reading: Decodable {
        let tag: String
        let value: Double
        let status: String
      }

      let id: Int
      let tag: String
      let healthScore: Int
      let deviceCount: Int
      let onlineDeviceCount: Int
      let sensorCount: Int
      let onlineSensorCount: Int
      let latestReadings: [String: Reading]
    }

    private func post(_ stack: TestStack, _ samples: [Sample]) async throws {
      let answer = try await stack.post("[\(samples.map(\.body).joined(separator: ","))]")
      #expect([200, 201].contains(answer.status), "\(answer.body)")
    }

    private func sample(
      _ sensor: String, _ value: String, secondsAgo: Int, now: Date = Date()
    ) -> Sample {
      var sample = Sample(ago: secondsAgo * 1_000, now: now)
      sample.device = "ESP32-03"
      sample.sensor = sensor
      sample.value = value
      return sample
    }

    @Test("what is measured becomes status, history, availability and health")
    func flow() async throws {
      try await TestStack.with { stack in
        let writer = "X-Api-Key: \(try await stack.apiKey(of: "umc", ["admin"]))"
        func write(_ method: String, _ path: String, _ json: String = "{}") async throws
          -> HTTPAnswer
        {
          try await stack.rest(method, path, json, host: TestStack.host, headers: [writer])
        }
        let sensors = try await stack.get("/sensors/?search=theatre+temp")
          .json(Listed<Shown>.self).results
        #expect(sensors.map(\.tag) == ["temp_001", "temp_002"])
        #expect(sensors.map(\.status) == ["OFFLINE", "OFFLINE"])
        let id = try #require(sensors.first?.id)
        #expect(try await stack.get("/sensors/\(id)/").json(Shown.self).availability == nil)
        let limits = #"{"thresholds":{"warning_low":10,"warning_high":25}}"#
        #expect(try await write("PATCH", "/sensors/\(id)/", limits).status == 200)

        try await post(
          stack,
          [
            sample("temp_001", "20", secondsAgo: 10), sample("temp_002", "20", secondsAgo: 4_000),
          ])
        let good = try await stack.get("/sensors/\(id)/").json(Shown.self)
        #expect(good.status == "ONLINE" && good.isOnline && good.availability == 100)
        try await post(stack, [sample("temp_001", "25.5", secondsAgo: 5)])
        let warned = try await stack.get("/assets/sensors/\(id)/").json(Shown.self)
        #expect(warned.status == "WARNING" && warned.isOnline)
        for (filter, tags) in [
          ("warning", ["temp_001"]), ("Online", []), ("OFFLINE&search=theatre+temp", ["temp_002"]),
        ] {
          let list = try await stack.get("/sensors/?status=\(filter)").json(Listed<Shown>.self)
          #expect(list.results.compactMap(\.tag) == tags, "\(filter)")
        }
        #expect(try await stack.get("/sensors/?status=ERROR").status == 400)

        let devices = try await stack.get("/devices/?search=theatre&status=online")
          .json(Listed<Shown>.self).results
        let device = try #require(devices.first)
        #expect(device.status == "ONLINE" && device.connectivity == "WARNING")
        let share = try #require(device.availability)
        // 300 of some 4,000 s, and the last 10.
        #expect(share > 7 && share < 9, "\(share)")
        for prefix in ["", "/assets", "/api"] {
          let path = "\(prefix)/devices/\(device.id)"
          let nested = try await stack.get("\(path)/sensors/?status=Warning").json([Shown].self)
          #expect(nested.map(\.tag) == ["temp_001"])
          let history = try await stack.get("\(path)/status_history").json(History.self)
          #expect(history.intervals.map(\.status) == ["ONLINE", "OFFLINE", "ONLINE"])
          #expect(history.intervals[0].durationSeconds == 300 && !history.truncated)
          #expect(history.intervals[0].end == history.intervals[1].start)
          #expect(history.intervals.last?.end == history.to)
          let part = try await stack.get("\(path)/status_history/?limit=1").json(History.self)
          #expect(part.truncated && part.intervals.count == 1)
        }
        let own = try await stack.get("/sensors/\(id)/status_history/").json(History.self)
        #expect(own.intervals.map(\.status) == ["ONLINE", "WARNING"] && own.availability == 100)
        #expect(own.intervals.last?.end == own.to)
        let before = try await stack.get(
          "/sensors/\(id)/status_history/?from=2025-01-01T00:00:00+02:00&to=2025-01-02T00:00:00Z"
        ).json(History.self)
        #expect(before.from == "2024-12-31T22:00:00Z" && before.intervals.isEmpty)
        for (query, field) in [("from=x", "from"), ("limit=5001", "limit"), ("page=1", "page")] {
          let answer = try await stack.get("/devices/\(device.id)/status_history/?\(query)")
          #expect(
            answer.status == 400 && answer.body.hasPrefix(#"{"\#(field)":["#), "\(answer.body)")
        }
        #expect(try await stack.get("/devices/999/status_history/").status == 404)

        let complete = try await stack.get("/assets/complete/?search=AHU-101")
          .json(Listed<Asset>.self).results
        let asset = try #require(complete.first)
        #expect(asset.deviceCount == 1 && asset.onlineDeviceCount == 1)
        #expect(asset.sensorCount == 5 && asset.onlineSensorCount == 1)
        #expect(asset.latestReadings["\(id)"]?.value == 25.5)
        #expect(asset.latestReadings["\(id)"]?.status == "WARNING")
        // One warns, one is offline, three have never measured.
        let health = try await write("POST", "/assets/\(asset.id)/calculate_health/")
        #expect(health.status == 200, "\(health.body)")
        #expect(try health.json(Health.self).healthScore == 25)
        #expect(try await write("POST", "/assets/assets/999/calculate_health").status == 404)
        let worst = try await stack.get("/assets/?ordering=health_score&page_size=1")
        #expect(worst.body.contains(#""tag":"AHU-101""#), "\(worst.body)")
      }
    }

    @Test("list items are smaller than what they are items of, by what the contract says")
    func listItems() async throws {
      let stack = try await SharedStack.stack()
      func keys(_ json: Any) throws -> Set<String> {
        Set(try #require(json as? [String: Any]).keys)
      }
      func keys(_ path: String) async throws -> (item: Set<String>, whole: Set<String>) {
        let list = try JSONSerialization.jsonObject(
          with: Data(try await stack.get(path).body.utf8))
        let items = (list as? [Any]) ?? (list as? [String: Any])?["results"] as? [Any] ?? []
        let item = try #require(items.first)
        let id = try #require((item as? [String: Any])?["id"] as? Int)
        let kind =
          path.contains("sensors") ? "sensors" : path.contains("devices") ? "devices" : "assets"
        let whole = try JSONSerialization.jsonObject(
          with: Data(try await stack.get("/\(kind)/\(id)/").body.utf8))
        return (try keys(item), try keys(whole))
      }
      for path in ["/assets/", "/sites/1/assets/"] {
        let (item, whole) = try await keys(path)
        #expect(
          whole.subtracting(item) == [
            "full_location", "manufacturer", "model", "serial_number", "installation_date",
            "last_maintenance", "sensor_count", "online_sensor_count",
          ])
        #expect(item.subtracting(whole) == [])
      }
      for path in ["/sensors/", "/devices/1/sensors/", "/assets/1/sensors/"] {
        let (item, whole) = try await keys(path)
        #expect(
          whole.subtracting(item) == [
            "asset_name", "site_name", "thresholds", "availability", "updated_at",
          ])
        #expect(item.subtracting(whole) == [])
      }
      for path in ["/devices/", "/sites/1/devices/", "/assets/1/devices/"] {
        let (item, whole) = try await keys(path)
        #expect(item == whole && item.isSuperset(of: ["display_name", "availability"]))
      }
    }

    private struct Mapped: Decodable {
      let event: String
      let path: String?
      let status: Status?
      let series: [String: [[Value]]]?
      let summary: [[Value]]?
      let stats: [String]?
      let onlineDevices: Int?
      let avgDeviceAvailability: Double?
      let sensors: [String]?
      let device: [String]?
      let variables: [String]?
      let deviceStatus: String?
    }

    /// Of an answer, or of a device.
    private enum Status: Decodable, Equatable {
      case code(Int)
      case word(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let code = try? container.decode(Int.self) {
          self = .code(code)
        } else {
          self = .word(try container.decode(String.self))
        }
      }
    }

    private enum Value: Decodable, Equatable {
      case text(String)
      case number(Double)
      case flag(Bool)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
          self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
          self = .number(number)
        } else {
          self = .text(try container.decode(String.self))
        }
      }
    }

    @Test("the existing client's mapper finds times, values and fields where it looks for them")
    func mapper() async throws {
      try await TestStack.with { stack in
        let now = Date()
        try await post(
          stack,
          (0..<24).flatMap { number in
            ["temp_001", "temp_002"].map {
              sample($0, "\(number + 1)", secondsAgo: 60 + (23 - number) * 300, now: now)
            }
          })
        let run = try await stack.python(
          "fe2.py",
          ["\(stack.server.httpPort)", TestStack.host, stack.key(of: "umc"), "ESP32-03", "AHU-101"])
        try await run.succeed()
        let lines = run.lines(Mapped.self)
        let mapped = lines.filter { $0.event == "mapped" }
        #expect(mapped.count == 13)
        for answer in mapped {
          let path = try #require(answer.path)
          #expect(answer.status == .code(200), "\(path)")
          let series = try #require(answer.series)
          #expect(series.keys.sorted() == ["temp_001", "temp_002"], "\(path)")
          for rows in series.values {
            #expect(!rows.isEmpty)
            for row in rows {
              guard case .number(let value) = row[1] else {
                Issue.record("\(path): \(row) has no value")
                continue
              }
              #expect((1...24).contains(value))
            }
            let times = rows.compactMap { if case .text(let time) = $0[0] { time } else { nil } }
            let isAscending = path.contains("history") || path.contains("latest")
            #expect(times == times.sorted(by: isAscending ? { $0 < $1 } : { $0 > $1 }), "\(path)")
          }
        }
        let cards = try #require(lines.last)
        #expect(
          cards.summary
            == ["temp_001", "temp_002"].map {
              [.text($0), .number(24), .flag(true), .text("ONLINE")]
            })
        #expect(cards.status == .word("ONLINE") && cards.deviceStatus == "ONLINE")
        #expect(
          cards.stats == [
            "assets_by_status", "assets_by_type", "assets_with_active_alerts",
            "avg_device_availability", "online_devices", "online_sensors", "total_assets",
            "total_devices", "total_sensors",
          ])
        #expect(cards.onlineDevices == 1 && cards.avgDeviceAvailability == 100)
        let sensor = Set(try #require(cards.sensors))
        #expect(
          sensor.isSuperset(of: [
            "id", "tag", "device", "device_name", "device_display_name", "device_serial",
            "device_mqtt_client_id", "asset_tag", "metric_type", "unit", "last_value",
            "last_reading_at", "is_online", "created_at",
          ]))
        let device = Set(try #require(cards.device))
        #expect(
          device.isSuperset(of: [
            "id", "name", "display_name", "serial_number", "mqtt_client_id", "asset", "asset_tag",
            "asset_name", "site_name", "device_type", "status", "firmware_version", "last_seen",
            "sensor_count", "is_online", "created_at", "updated_at",
          ]))
        let variable = Set(try #require(cards.variables))
        #expect(
          variable.isSuperset(of: [
            "id", "tag", "name", "metric_type", "unit", "last_value", "last_reading_at",
            "is_online",
          ]))
      }
    }
  }
}
