// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Latest", .timeLimit(.minutes(5)))
struct LatestTests {
  private let fixture = ServiceFixture()

  init() {
    fixture.store.edit { state in
      state.latest = [7, 3, 5].map { key in
        LatestReading(
          sensor: .sample(key), value: Double(key), timestamp: Timestamp(microseconds: key * 10))
      }
    }
  }

  private func latest(
    _ device: String, _ sensors: [String] = []
  ) async throws(RPCError) -> TraksenseV1.LatestResponse {
    try await fixture.client.latest(
      TraksenseV1.LatestRequest(deviceID: device, sensorID: sensors), options: ServiceFixture.umc)
  }

  @Test("answers all sensors that have a reading, ordered by sensor_id, with the newest time")
  func all() async throws {
    let response = try await latest("ESP32-0")
    #expect(response.deviceID == "ESP32-0")
    #expect(response.readings.map(\.sensorID) == ["s-3", "s-5", "s-7"])
    #expect(response.count == 3)
    #expect(response.timestamp == ProtoTimestamp(microseconds: 70))
    #expect(response.readings[0].sensorType == "humidity")
    #expect(response.readings[0].unit == "%")
    #expect(response.readings[0].value == 3)
  }

  @Test("asks the catalogue nothing when every sensor wanted has a reading")
  func fastPath() async throws {
    let before = fixture.catalogue.edit { $0.queries }
    _ = try await latest("ESP32-0", ["s-3", "s-7"])
    #expect(fixture.catalogue.edit { $0.queries } == before)
  }

  @Test(
    "a device or sensor without readings is an empty list",
    arguments: [("ESP32-1", []), ("ESP32-9", []), ("ESP32-0", ["s-4"])] as [(String, [String])])
  func empty(device: String, sensors: [String]) async throws {
    let response = try await latest(device, sensors)
    #expect(response.readings.isEmpty)
    #expect(response.count == 0)
    #expect(response.timestamp == nil)
  }

  @Test(
    "errors name the field",
    arguments: [
      ("", [], Expected(.invalidArgument, "device_id")),
      ("a/b", [], Expected(.invalidArgument, "device_id")),
      (String(repeating: "x", count: 201), [], Expected(.invalidArgument, "device_id")),
      ("ESP32-77", [], Expected(.notFound, "device_id")),
      ("ESP32-77", ["s-3"], Expected(.notFound, "device_id")),
      ("ESP32-0", ["s-3", "s-77"], Expected(.notFound, "sensor_id[1]")),
      // A sensor of another device.
      ("ESP32-0", ["s-13"], Expected(.notFound, "sensor_id[0]")),
      ("ESP32-0", ["s-3", ""], Expected(.invalidArgument, "sensor_id[1]")),
      ("ESP32-0", Array(repeating: "s-3", count: 501), Expected(.invalidArgument, "sensor_id")),
    ] as [(String, [String], Expected)])
  func errors(device: String, sensors: [String], expected: Expected) async {
    await expected.check { () async throws(RPCError) in try await latest(device, sensors) }
  }

  @Test("as many sensors as the limit are fine")
  func limit() async throws {
    #expect(try await latest("ESP32-0", Array(repeating: "s-3", count: 500)).count == 1)
  }

  @Test("store errors decide the code; a passed deadline is DEADLINE_EXCEEDED")
  func storeErrors() async {
    fixture.store.edit { $0.failure = .overloaded }
    await Expected(.unavailable).check { () async throws(RPCError) in try await latest("ESP32-0") }
    fixture.store.edit { $0.failure = .failed(sqlState: "XX000", "boom") }
    await Expected(.internalError).check { () async throws(RPCError) in
      try await latest("ESP32-0")
    }
    fixture.store.edit { $0.failure = .cancelled }
    await Expected(.cancelled).check { () async throws(RPCError) in try await latest("ESP32-0") }
    var late = ServiceFixture.umc
    late.timeout = .zero
    await Expected(.deadlineExceeded).check { () async throws(RPCError) in
      try await fixture.client.latest(
        TraksenseV1.LatestRequest(deviceID: "ESP32-0"), options: late)
    }
  }
}
