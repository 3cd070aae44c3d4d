// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Synchronization
import TestSupport
import Testing
import TrakSenseAPI

@testable import Services

@Suite("Questions about telemetry", .timeLimit(.minutes(5)))
struct TelemetryQueryTests {
  private static let now = ServiceFixture.now
  private static let umc = ServiceFixture.umc

  private static func newest(_ key: Int64, age: Int64, _ value: Double = 1) -> LatestReading {
    LatestReading(
      sensor: .sample(key), value: value, timestamp: now.advanced(by: .seconds(-age)))
  }

  private static func totals(
    _ key: Int64, count: Int64, deviation: Double? = nil
  ) -> ReadingTotals {
    ReadingTotals(
      sensorKey: key, average: 2, minimum: 0, maximum: 4, last: 3, count: count,
      deviation: deviation)
  }

  // MARK: Summary

  @Test("a summary tells how device and sensors are, zeros and nulls apart")
  func summary() async throws {
    let fixture = ServiceFixture()
    fixture.queries.edit { state in
      state.device = DeviceState(
        deviceKey: 7, timeout: .seconds(300), lastSeen: Self.now.advanced(by: .seconds(-299)),
        sensors: [
          .init(
            sensor: .sample(0), newest: Self.newest(0, age: 299, 0), isBeyondThresholds: true,
            totals: Self.totals(0, count: 1_440, deviation: 0.5)),
          .init(
            sensor: .sample(1), newest: Self.newest(1, age: 300), isBeyondThresholds: true,
            totals: Self.totals(1, count: 1)),
          .init(sensor: .sample(2), newest: nil, totals: nil),
        ])
      state.changes = [
        StatusChange(sensorKey: 0, since: Self.now.advanced(by: .seconds(-90_000)), isOnline: true),
        StatusChange(
          sensorKey: 0, since: Self.now.advanced(by: .seconds(-43_200)), isOnline: false),
        StatusChange(sensorKey: 1, since: Self.now.advanced(by: .seconds(-21_600)), isOnline: true),
        StatusChange(
          sensorKey: nil, since: Self.now.advanced(by: .seconds(-32_400)), isOnline: true),
      ]
    }
    let summary = try await fixture.questions.getTelemetrySummary(
      .init(deviceID: "ESP32-0"), options: Self.umc)
    #expect(summary.status == "ONLINE")
    #expect(summary.lastSeen == ProtoTimestamp(Self.newest(0, age: 299).timestamp))
    #expect(summary.sensors.map(\.isOnline) == [true, false, false])
    #expect(summary.sensors.map(\.status) == ["WARNING", "OFFLINE", "OFFLINE"])
    #expect(summary.sensors.map(\.lastValue?.value) == [0, 1, nil])
    #expect(summary.sensors[0].statistics24h?.stddev?.value == 0.5)
    #expect(summary.sensors[1].statistics24h?.stddev == nil)
    #expect(summary.sensors[2].statistics24h == .init())
    #expect(summary.sensors[2].lastReadingAt == nil)
    #expect(summary.sensors.map(\.availability24h?.value) == [50, 100, nil])
    // Half a day by the first sensor, a quarter by the second and, before it, an eighth by heartbeats.
    #expect(summary.availability24h?.value == 87.5)
    let whole = try #require(summary.statistics)
    #expect(whole.totalReadings24h == 1_441 && whole.sensorsTotal == 3 && whole.sensorsOnline == 1)
    #expect(whole.avgInterval == "60s" && whole.avgIntervalSeconds?.value == 60)
    #expect(whole.avgReadingsPerHour == 1_441.0 / 24)
  }

  @Test("a device that never measured anything has a summary, without a division by zero")
  func emptySummary() async throws {
    let fixture = ServiceFixture()
    fixture.queries.edit {
      $0.device = DeviceState(deviceKey: 7, timeout: .seconds(1), lastSeen: nil, sensors: [])
    }
    let summary = try await fixture.questions.getTelemetrySummary(
      .init(deviceID: "ESP32-0"), options: Self.umc)
    #expect(summary.status == "OFFLINE" && summary.lastSeen == nil && summary.sensors.isEmpty)
    #expect(summary.statistics?.avgInterval == "N/A")
    #expect(summary.statistics?.avgIntervalSeconds == nil)
    await Expected(.notFound, "device_id").check { () async throws(RPCError) in
      try await fixture.questions.getTelemetrySummary(
        .init(deviceID: "ESP32-7"), options: Self.umc)
    }
    await Expected(.invalidArgument, "device_id").check { () async throws(RPCError) in
      try await fixture.questions.getTelemetrySummary(.init(), options: Self.umc)
    }
  }

  // MARK: Lists

  @Test("readings come page by page, with the count of all")
  func readings() async throws {
    let fixture = ServiceFixture()
    fixture.queries.edit { state in
      state.readings =
        (0..<25).map { Self.newest(5, age: $0, Double($0)) }
        + [Self.newest(15, age: 0)]
    }
    var request = TraksenseV1.ListReadingsRequest(deviceID: "ESP32-0", page: 3, pageSize: 10)
    let page = try await fixture.questions.listReadings(request, options: Self.umc)
    #expect(page.count == 25 && page.results.map(\.value) == [20, 21, 22, 23, 24])
    #expect(page.results[0].ts == page.results[0].timestamp && page.results[0].sensorID == "s-5")
    request.page = 4
    await Expected(.notFound, "page").check { () async throws(RPCError) in
      try await fixture.questions.listReadings(request, options: Self.umc)
    }
    request = TraksenseV1.ListReadingsRequest(
      sensorType: ["humidity"], valueMin: ProtoDoubleValue(0), valueMax: ProtoDoubleValue(0))
    let all = try await fixture.questions.listReadings(request, options: Self.umc)
    #expect(all.count == 26)
    let query = try #require(fixture.queries.edit { $0.readingQueries.last })
    #expect(query.minimum == 0 && query.maximum == 0)
    #expect(query.sensors == (0..<20).filter { $0 % 2 == 1 })
    #expect(query.range == Self.now.advanced(by: .seconds(-86_400))..<Self.now)
  }

  @Test("aggregates come newest first; limit and offset are honoured, and more is told")
  func aggregates() async throws {
    let fixture = ServiceFixture()
    fixture.store.edit { state in
      state.history = (0..<30).map { index in
        HistoryPoint(
          sensorKey: 5, timestamp: Self.now.advanced(by: .seconds(-3_600 * (30 - index))),
          average: Double(index), minimum: 0, maximum: 9, last: 7, count: 2)
      }
    }
    var request = TraksenseV1.ListAggregatesRequest(
      bucket: "1h", deviceID: "ESP32-0", limit: 10, offset: 5)
    let hours = try await fixture.questions.listAggregates(request, options: Self.umc)
    #expect(hours.count == 24 && hours.truncated)
    #expect(hours.results.map(\.avgValue) == (15...24).reversed().map(Double.init))
    #expect(hours.results[0].ts == hours.results[0].bucket && hours.results[0].lastValue == 7)
    request.offset = 14
    #expect(
      try await fixture.questions.listAggregates(request, options: Self.umc).truncated == false)
    request.offset = 100
    #expect(try await fixture.questions.listAggregates(request, options: Self.umc).results.isEmpty)
    request = TraksenseV1.ListAggregatesRequest(bucket: "1d")
    let days = try await fixture.questions.listAggregates(request, options: Self.umc)
    #expect(days.count == 30 && days.bucket == "1d")
  }

  @Test("more buckets than may be kept are refused")
  func tooManyBuckets() async throws {
    var limits = TelemetryLimits()
    limits.maxKeptPoints = 9
    let fixture = ServiceFixture(limits: limits)
    fixture.store.edit { state in
      state.history = (0..<10).map { index in
        HistoryPoint(
          sensorKey: 5, timestamp: Self.now.advanced(by: .seconds(-60 * (10 - index))),
          average: 0, minimum: 0, maximum: 0, last: 0, count: 1)
      }
    }
    await Expected(.invalidArgument, "from").check { () async throws(RPCError) in
      try await fixture.questions.listAggregates(.init(bucket: "1m"), options: Self.umc)
    }
    await #expect {
      _ = try await fixture.questions.listAggregates(.init(bucket: "1m"), options: Self.umc)
    } throws: { error in
      (error as? RPCError)?.violations.first?.description
        == "Ensure this range has no more than 9 points: make it shorter, or take fewer sensors or a"
        + " longer interval."
    }
  }

  /// Counts who is inside, until it lets all go.
  private final class Door: Sendable {
    let inside = Mutex((now: 0, most: 0))
    let refused = Atomic(0)
    let isOpen = Atomic(false)

    func pass() async {
      inside.withLock { counts in
        counts.now += 1
        counts.most = max(counts.most, counts.now)
      }
      while !isOpen.load(ordering: .relaxed) { await Task.yield() }
      inside.withLock { $0.now -= 1 }
    }
  }

  @Test(
    "few calls of all services keep all their points at the same time, some wait, the others shall come back",
    .timeLimit(.minutes(5)))
  func keptPoints() async throws {
    var limits = TelemetryLimits()
    limits.maxKeepingCalls = 2
    limits.maxWaitingCalls = 3
    let fixture = ServiceFixture(limits: limits)
    let door = Door()
    fixture.store.edit { $0.pause = { await door.pass() } }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      defer { door.isOpen.store(true, ordering: .relaxed) }
      for number in 0..<8 {
        group.addTask {
          do throws(RPCError) {
            if number.isMultiple(of: 2) {
              _ = try await fixture.questions.listAggregates(
                TraksenseV1.ListAggregatesRequest(bucket: "1h"), options: Self.umc)
            } else {
              _ = try await fixture.history(
                TraksenseV1.HistoryRequest(
                  deviceID: "ESP32-0", interval: "1h", downsample: "lttb", points: 3),
                options: Self.umc)
            }
            return true
          } catch {
            #expect(error.code == .resourceExhausted && error.retryAfter != nil)
            door.refused.add(1, ordering: .relaxed)
            return false
          }
        }
      }
      try await eventually("three are refused, two are at work") {
        door.refused.load(ordering: .relaxed) == 3 && door.inside.withLock { $0.now } == 2
      }
      door.isOpen.store(true, ordering: .relaxed)
      var answered = 0
      for try await isAnswered in group where isAnswered { answered += 1 }
      #expect(answered == 5)
    }
    #expect(door.inside.withLock { $0.most } == 2)
  }

  @Test("a question over a range has a row for each sensor, with nulls where nothing was measured")
  func range() async throws {
    let fixture = ServiceFixture()
    fixture.queries.edit { $0.totals = [Self.totals(1, count: 7)] }
    let answer = try await fixture.questions.queryTelemetry(
      .init(assetTag: "CH-001"), options: Self.umc)
    #expect(answer.count == 7)
    #expect(answer.sensors.map(\.sensorID) == ["s-0", "s-1", "s-2", "s-3"])
    #expect(answer.sensors.map(\.avg?.value) == [nil, 2, nil, nil])
    #expect(answer.sensors.map(\.count) == [0, 7, 0, 0])
  }

  @Test("bad questions name the field")
  func errors() async {
    let fixture = ServiceFixture()
    let late = ProtoTimestamp(Self.now)
    let early = ProtoTimestamp(microseconds: 0)
    for (request, expected) in [
      (.init(page: 1, pageSize: 501), Expected(.invalidArgument, "page_size")),
      (.init(page: 4_000_000), Expected(.invalidArgument, "page")),
      (.init(deviceID: "ESP32-77"), Expected(.notFound, "device_id")),
      (.init(deviceID: "#"), Expected(.invalidArgument, "device_id")),
      (.init(sensorID: ["s-99"]), Expected(.notFound, "sensor_id[0]")),
      (.init(tsFrom: late), Expected(.invalidArgument, "ts_from")),
      (.init(tsFrom: early), Expected(.invalidArgument, "ts_from")),
      (
        .init(valueMin: ProtoDoubleValue(2), valueMax: ProtoDoubleValue(1)),
        Expected(.invalidArgument, "value_min")
      ),
      (.init(valueMax: ProtoDoubleValue(.nan)), Expected(.invalidArgument, "value_max")),
    ] as [(TraksenseV1.ListReadingsRequest, Expected)] {
      await expected.check { () async throws(RPCError) in
        try await fixture.questions.listReadings(request, options: Self.umc)
      }
    }
    for (request, field) in [
      (.init(), "bucket"), (.init(bucket: "raw"), "bucket"), (.init(bucket: "2m"), "bucket"),
      (.init(bucket: "1h", limit: 5_001), "limit"), (.init(bucket: "1h", from: late), "from"),
    ] as [(TraksenseV1.ListAggregatesRequest, String)] {
      await Expected(.invalidArgument, field).check { () async throws(RPCError) in
        try await fixture.questions.listAggregates(request, options: Self.umc)
      }
    }
    await Expected(.invalidArgument, "device_id").check { () async throws(RPCError) in
      try await fixture.questions.queryTelemetry(.init(), options: Self.umc)
    }
  }

  @Test("a list about all sensors of a large tenant wants a device named", arguments: [19, 20])
  func tooManySensors(limit: Int) async throws {
    var limits = TelemetryLimits()
    limits.maxQuestionedSensors = limit
    let fixture = ServiceFixture(limits: limits)
    if limit == 20 {
      #expect(try await fixture.questions.listReadings(.init(), options: Self.umc).count == 0)
    } else {
      await Expected(.invalidArgument, "device_id").check { () async throws(RPCError) in
        try await fixture.questions.listReadings(.init(), options: Self.umc)
      }
    }
  }

  @Test("a store's failure is a failure of the call")
  func failures() async {
    let fixture = ServiceFixture()
    fixture.queries.edit { $0.failure = .unavailable("down") }
    await Expected(.unavailable).check { () async throws(RPCError) in
      try await fixture.questions.listReadings(.init(), options: Self.umc)
    }
    await Expected(.unavailable).check { () async throws(RPCError) in
      try await fixture.questions.getTelemetrySummary(
        .init(deviceID: "ESP32-0"), options: Self.umc)
    }
  }

  // MARK: Settings

  @Test("settings change where the mask says, within bounds")
  func settings() async throws {
    let fixture = ServiceFixture()
    func update(
      _ paths: [String], raw: UInt32 = 0, compress: UInt32 = 0
    ) async throws(RPCError) -> TraksenseV1.TelemetrySettings {
      try await fixture.questions.updateTelemetrySettings(
        .init(
          rawDays: raw, compressAfterDays: compress, updateMask: ProtoFieldMask(paths: paths)),
        options: Self.umc)
    }
    #expect(try await update(["raw_days"], raw: 7, compress: 9).rawDays == 7)
    let both = try await update(["compress_after_days"], raw: 8, compress: 3_660)
    #expect(both.rawDays == 7 && both.compressAfterDays == 3_660 && both.canCompress)
    let read = try await fixture.questions.getTelemetrySettings(.init(), options: Self.umc)
    #expect(read == both)
    #expect(try await update(["raw_days"]).rawDays == 0)
    for days: UInt32 in [1, 6, 3_661, .max] {
      await Expected(.invalidArgument, "raw_days").check { () async throws(RPCError) in
        try await update(["raw_days"], raw: days)
      }
    }
    await Expected(.invalidArgument, "update_mask").check { () async throws(RPCError) in
      try await update(["kept_from"])
    }
  }
}
