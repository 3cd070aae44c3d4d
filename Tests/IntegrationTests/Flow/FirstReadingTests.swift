// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("A reading on its way through the house", .timeLimit(.minutes(15)))
  struct FirstReadingTests {
    @Test("a published reading reaches every kind of reader and is accounted for")
    func walksThroughTheHouse() async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.tally()
      var sample = Sample()
      sample.device = "ESP32-05"
      sample.sensor = "power_001"
      sample.unit = "kW"
      sample.value = "61.25"

      let watch = try stack.command(
        ["watch", "--server", stack.rpcAddress, "--device", sample.device, "--count", "1"])
      try await watch.waitFor("live from cursor")
      let subscriber = try await stack.subscribe(
        ["--tenant", "umc", "--device", sample.device, "--points", "1"])
      try await stack.publish(sample)

      // Live.
      try await subscriber.succeed()
      let lines = subscriber.lines(SubscriberLine.self)
      #expect(lines.map(\.event) == ["start", "block", "end"])
      #expect(lines[0].cursor == before.cursor)
      #expect(lines[1].cursor == before.cursor + 1)
      let point = try #require(lines[1].points?.first)
      #expect(point.device == sample.device && point.sensor == sample.sensor)
      #expect(point.value == 61.25 && point.unit == "kW")
      let printed = try await watch.succeed()
      #expect(printed.contains("ESP32-05  power_001  61.25 kW"))

      // Over RPC.
      let answer = try #require(try await stack.call([.latest(sample.device)]).first)
      #expect(answer.code == "OK" && answer.response?.count == 1)
      let latest = try #require(answer.response?.readings?.first)
      #expect(latest.sensorId == sample.sensor && latest.value == 61.25 && latest.unit == "kW")
      #expect(latest.timestamp == sample.timestamp)

      // Over REST.
      let rest = try await stack.get("/ingest/latest/ESP32-05/")
      #expect(rest.status == 200)
      #expect(try rest.json(LatestAnswer.self).readings == [latest])
      let history = try await stack.get("/ingest/history/ESP32-05/?interval=raw")
      #expect(history.status == 200)
      let row = HistoryAnswer.Row(
        timestamp: sample.timestamp, sensorId: sample.sensor, value: 61.25, unit: "kW")
      #expect(try history.json(HistoryAnswer.self).data == [row])

      // In the tenant's schema.
      let stored = try await stack.query(
        """
        SELECT r.value, r.unit, r."timestamp" = '\(sample.timestamp)'::timestamptz, s.last_value
        FROM \(TestStack.schema).telemetry_readings r
        JOIN \(TestStack.schema).assets_sensor sensor ON sensor.id = r.sensor_id
        JOIN \(TestStack.schema).assets_device device ON device.id = sensor.device_id
        JOIN \(TestStack.schema).ingest_sensorstatus s ON s.sensor_id = r.sensor_id
        WHERE device.mqtt_client_id = 'ESP32-05' AND sensor.tag = 'power_001'
        """)
      #expect(stored == [["61.25", "kW", "t", "61.25"]])
      let after = try await stack.tally()
      #expect(after.cursor == before.cursor + 1)
      #expect(after.readings == before.readings + 1)
      #expect(after.received == before.received + 1)
      after.expectBalanced()
    }

    @Test("curl posts a reading, posts it again, and reads it back")
    func postedAndReadBack() async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.tally()
      var sample = Sample(ago: 60_000)
      sample.device = "ESP32-04"
      sample.value = "19.75"

      let first = try await stack.post(sample.body)
      #expect(first.status == 201)
      #expect(try first.json(Status.self).status == "stored")
      sample.value = "55"
      let second = try await stack.post(sample.body)
      #expect([200, 201].contains(second.status))
      #expect(try second.json(Status.self).status == "duplicate")

      let latest = try await stack.get("/api/ingest/latest/ESP32-04?sensor_id=temp_001")
      #expect(latest.status == 200)
      let reading = LatestAnswer.Reading(
        deviceId: "ESP32-04", sensorId: "temp_001", value: 19.75, unit: "°C",
        timestamp: sample.timestamp)
      #expect(try latest.json(LatestAnswer.self).readings == [reading])
      let after = try await stack.tally()
      #expect(after.readings == before.readings + 1)
      #expect(after.duplicates == before.duplicates + 1)
      #expect(after.cursor == before.cursor + 1)
      after.expectBalanced()
    }

    private struct Status: Decodable {
      let status: String
    }
  }
}
