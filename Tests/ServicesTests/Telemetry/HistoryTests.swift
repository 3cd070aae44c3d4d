// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("History", .timeLimit(.minutes(5)))
struct HistoryTests {
  private static let now = ServiceFixture.now.microseconds
  private static let hour: Int64 = 3_600_000_000

  private func request(
    _ device: String = "ESP32-0", sensors: [String] = [], types: [String] = [],
    hours: Int64? = nil, interval: String = ""
  ) -> TraksenseV1.HistoryRequest {
    TraksenseV1.HistoryRequest(
      deviceID: device, sensorID: sensors, sensorType: types,
      from: hours.map { ProtoTimestamp(microseconds: Self.now - $0 * Self.hour) },
      interval: interval)
  }

  @Test("without points the one message still tells series, interval and range")
  func empty() async throws {
    let messages = try await ServiceFixture().history(request())
    let header = try #require(messages.first)
    #expect(messages.count == 1)
    #expect(header.series.map(\.seriesKey) == Array(0..<10))
    #expect(header.series[5].unit == "%")
    #expect(header.interval == "5m")
    #expect(header.to == ProtoTimestamp(microseconds: Self.now))
    #expect(header.from == ProtoTimestamp(microseconds: Self.now - 24 * Self.hour))
    #expect(header.block == nil)
  }

  @Test("a device without sensors has an empty history")
  func noSensors() async throws {
    let messages = try await ServiceFixture().history(request("ESP32-9"))
    #expect(messages.count == 1)
    #expect(messages.first?.series.isEmpty == true)
  }

  @Test(
    "auto follows the length of the range",
    arguments: [(1, "raw"), (2, "1m"), (6, "1m"), (7, "5m"), (24, "5m"), (25, "1h"), (9_000, "1h")]
      as [(Int64, String)])
  func auto(hours: Int64, interval: String) async throws {
    for asked in ["", "auto"] {
      let messages = try await ServiceFixture().history(request(hours: hours, interval: asked))
      #expect(messages.first?.interval == interval)
    }
  }

  @Test(
    "intervals become buckets of that width",
    arguments: [("1m", 60), ("5m", 300), ("15m", 900), ("1h", 3_600), ("1d", 86_400)]
      as [(String, Int64)])
  func intervals(name: String, seconds: Int64) async throws {
    let fixture = ServiceFixture()
    #expect(try await fixture.history(request(interval: name)).first?.interval == name)
    let query = try #require(fixture.store.edit { $0.historyQueries.first })
    #expect(query.resolution == .buckets(microseconds: seconds * 1_000_000))
  }

  private func filled(pageSize: Int, points: Int) -> ServiceFixture {
    var limits = TelemetryLimits()
    limits.historyPage = pageSize
    let fixture = ServiceFixture(limits: limits)
    fixture.store.edit { state in
      state.history = (0..<points).map { index in
        HistoryPoint(
          sensorKey: 5, timestamp: Timestamp(microseconds: Self.now - Int64(points - index)),
          average: Double(index), minimum: -1, maximum: 1, last: 0.5, count: 2)
      }
    }
    return fixture
  }

  @Test("pages become blocks of at most their size, in order, series first", arguments: 0..<5)
  func pages(extra: Int) async throws {
    let points = 20 + extra
    let messages = try await filled(pageSize: 10, points: points)
      .history(request(interval: "raw"))
    #expect(messages.count == (points + 9) / 10)
    #expect(messages.first?.series.isEmpty == false)
    #expect(messages.dropFirst().allSatisfy { $0.series.isEmpty && $0.interval.isEmpty })
    let blocks = messages.compactMap(\.block)
    #expect(blocks.allSatisfy { $0.value.count <= 10 })
    #expect(blocks.flatMap(\.value) == (0..<points).map(Double.init))
    #expect(blocks.allSatisfy { $0.seriesKey.count == $0.value.count })
    #expect(blocks.allSatisfy { $0.timestampUS.count == $0.value.count })
    #expect(blocks.allSatisfy { $0.minimum.isEmpty && $0.maximum.isEmpty && $0.count.isEmpty })
  }

  @Test("buckets carry minimum, maximum and count")
  func buckets() async throws {
    let messages = try await filled(pageSize: 10, points: 3).history(request(interval: "1m"))
    let block = try #require(messages.first?.block)
    #expect(block.minimum == [-1, -1, -1])
    #expect(block.maximum == [1, 1, 1])
    #expect(block.count == [2, 2, 2])
  }

  @Test("points of sensors that are not announced are left out")
  func retiredSensors() async throws {
    let fixture = filled(pageSize: 10, points: 3)
    fixture.catalogue.edit { $0.sensors.removeAll { $0.key == 5 } }
    let messages = try await fixture.history(request(interval: "raw"))
    #expect(messages.count == 1)
    #expect(messages.first?.block == nil)
  }

  @Test("a reader that stops reading stops the pages: nothing is read ahead without bound")
  func backPressure() async throws {
    let fixture = filled(pageSize: 1_000, points: 100_000)
    let stream = try await fixture.client.history(
      request(interval: "raw"), options: ServiceFixture.umc)
    var messages = stream.makeAsyncIterator()
    _ = try await messages.next()
    for _ in 0..<200 { await Task.yield() }
    // 64 KiB may be under way, a block has about 15 KB.
    #expect(fixture.store.edit { $0.historyQueries.count } < 20)
  }

  @Test(
    "errors name the field",
    arguments: [
      (TraksenseV1.HistoryRequest(), Expected(.invalidArgument, "device_id")),
      (TraksenseV1.HistoryRequest(deviceID: "ESP32-77"), Expected(.notFound, "device_id")),
      (
        TraksenseV1.HistoryRequest(deviceID: "ESP32-0", sensorID: ["s-77"]),
        Expected(.notFound, "sensor_id[0]")
      ),
      (
        TraksenseV1.HistoryRequest(deviceID: "ESP32-0", sensorID: ["#"]),
        Expected(.invalidArgument, "sensor_id[0]")
      ),
      (
        TraksenseV1.HistoryRequest(deviceID: "ESP32-0", sensorType: [""]),
        Expected(.invalidArgument, "sensor_type[0]")
      ),
      (
        TraksenseV1.HistoryRequest(
          deviceID: "ESP32-0", sensorType: ["humidity", "Temperature", "temprature"]),
        Expected(.invalidArgument, "sensor_type[2]")
      ),
      (
        TraksenseV1.HistoryRequest(deviceID: "ESP32-0", interval: "2m"),
        Expected(.invalidArgument, "interval")
      ),
      (
        TraksenseV1.HistoryRequest(deviceID: "ESP32-0", interval: "RAW"),
        Expected(.invalidArgument, "interval")
      ),
      (
        TraksenseV1.HistoryRequest(deviceID: "ESP32-0", from: ProtoTimestamp(microseconds: now)),
        Expected(.invalidArgument, "from")
      ),
      (
        TraksenseV1.HistoryRequest(
          deviceID: "ESP32-0", from: ProtoTimestamp(microseconds: 2),
          to: ProtoTimestamp(microseconds: 1)), Expected(.invalidArgument, "from")
      ),
      (
        TraksenseV1.HistoryRequest(
          deviceID: "ESP32-0", to: ProtoTimestamp(seconds: 1, nanos: -1)),
        Expected(.invalidArgument, "to")
      ),
      (
        TraksenseV1.HistoryRequest(
          deviceID: "ESP32-0", from: ProtoTimestamp(seconds: .min, nanos: 0)),
        Expected(.invalidArgument, "from")
      ),
    ])
  func errors(request: TraksenseV1.HistoryRequest, expected: Expected) async {
    await expected.check { () async throws(RPCError) in
      try await ServiceFixture().history(request)
    }
  }

  @Test(
    "ranges are limited, raw ones more",
    arguments: [("raw", 31 * 24), ("1h", 5 * 366 * 24)] as [(String, Int64)])
  func rangeLimit(interval: String, hours: Int64) async throws {
    let fixture = ServiceFixture()
    _ = try await fixture.history(request(hours: hours, interval: interval))
    var longer = request(hours: hours, interval: interval)
    longer.from = ProtoTimestamp(microseconds: Self.now - hours * Self.hour - 1)
    await Expected(.invalidArgument, "from").check { () async throws(RPCError) in
      try await fixture.history(longer)
    }
  }

  @Test("a type that no sensor of the device has is an empty history, not an error")
  func otherType() async throws {
    let messages = try await ServiceFixture().history(
      request(sensors: ["s-5"], types: ["temp_supply"]))
    #expect(messages.first?.series.isEmpty == true)
  }

  @Test("store errors end the stream with their status")
  func storeErrors() async {
    let fixture = ServiceFixture()
    fixture.store.edit { $0.failures = [.unavailable("down")] }
    await Expected(.unavailable).check { () async throws(RPCError) in
      try await fixture.history(request())
    }
    fixture.catalogue.edit { $0.failure = .overloaded }
    await Expected(.unavailable).check { () async throws(RPCError) in
      try await fixture.history(request())
    }
  }
}
