// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import TestSupport
import Testing
import TrakSenseAPI

@Suite("Subscribe", .timeLimit(.minutes(5)))
struct SubscribeTests {
  typealias Iterator = MessageStream<TraksenseV1.SubscribeResponse>.AsyncIterator

  private func subscribe(
    _ fixture: ServiceFixture, _ request: TraksenseV1.SubscribeRequest = .init()
  ) async throws(RPCError) -> Iterator {
    try await fixture.client.subscribe(request, options: ServiceFixture.umc).makeAsyncIterator()
  }

  @Test("start comes first, then what is ingested, as it is committed")
  func live() async throws {
    let fixture = ServiceFixture()
    _ = try await fixture.ingest([ServiceFixture.reading(age: 10)])
    var events = try await subscribe(fixture)
    guard case .start(let start) = try await events.next()?.event else {
      Issue.record("the first message is not start")
      return
    }
    #expect(start.cursor == 1)
    #expect(start.series.count == 20)
    _ = try await fixture.ingest([
      ServiceFixture.reading(age: 9), ServiceFixture.reading(age: 10),
    ])
    guard case .block(let block) = try await events.next()?.event else {
      Issue.record("the second message is no block")
      return
    }
    #expect(block.cursor == 2)
    #expect(block.seriesKey == [5])
    #expect(block.value == [21.5])
    #expect(block.timestampUS == [ServiceFixture.now.microseconds - 9_000_000])
  }

  @Test("filters choose the series and the readings")
  func filter() async throws {
    let fixture = ServiceFixture()
    var events = try await subscribe(
      fixture,
      TraksenseV1.SubscribeRequest(
        deviceID: ["ESP32-0", "ESP32-1"], sensorID: ["s-5", "s-6", "s-15"],
        sensorType: ["humidity"]))
    guard case .start(let start) = try await events.next()?.event else {
      Issue.record("the first message is not start")
      return
    }
    #expect(start.series.map(\.sensorID) == ["s-5", "s-15"])
  }

  @Test("a sensor that appears later is announced before its first reading")
  func laterSensor() async throws {
    let fixture = ServiceFixture()
    fixture.catalogue.edit { $0.sensors.removeAll { $0.key == 5 } }
    var events = try await subscribe(fixture)
    _ = try await events.next()
    fixture.catalogue.edit { $0.sensors.append(.sample(5)) }
    _ = try await fixture.ingest([ServiceFixture.reading()])
    guard case .series(let added) = try await events.next()?.event else {
      Issue.record("the sensor is not announced")
      return
    }
    #expect(added.series.map(\.sensorID) == ["s-5"])
    guard case .block(let block) = try await events.next()?.event else {
      Issue.record("no block follows")
      return
    }
    #expect(block.seriesKey == [5])
  }

  @Test(
    "a long dictionary comes in several messages before any reading", arguments: [19, 20, 21, 7])
  func longDictionary(perMessage: Int) async throws {
    var limits = TelemetryLimits()
    limits.maxSeriesPerMessage = perMessage
    let fixture = ServiceFixture(limits: limits)
    var events = try await subscribe(fixture)
    var keys: [Int64] = []
    while keys.count < 20 {
      switch try await events.next()?.event {
      case .start(let start): keys += start.series.map(\.seriesKey)
      case .series(let added): keys += added.series.map(\.seriesKey)
      case .block, .gap, nil:
        Issue.record("the dictionary is cut short at \(keys)")
        return
      }
    }
    #expect(keys == Array(0..<20))
  }

  @Test(
    "errors name the field",
    arguments: [
      (
        TraksenseV1.SubscribeRequest(deviceID: ["ESP32-0", "ESP32-77"]),
        Expected(.notFound, "device_id[1]")
      ),
      (TraksenseV1.SubscribeRequest(deviceID: [""]), Expected(.invalidArgument, "device_id[0]")),
      (
        TraksenseV1.SubscribeRequest(sensorID: ["s-5", "s-77"]), Expected(.notFound, "sensor_id[1]")
      ),
      (
        TraksenseV1.SubscribeRequest(deviceID: ["ESP32-1"], sensorID: ["s-5"]),
        Expected(.notFound, "sensor_id[0]")
      ),
      (
        TraksenseV1.SubscribeRequest(sensorType: [""]), Expected(.invalidArgument, "sensor_type[0]")
      ),
      (
        TraksenseV1.SubscribeRequest(slowReader: .unrecognized(7)),
        Expected(.invalidArgument, "slow_reader")
      ),
      (
        TraksenseV1.SubscribeRequest(deviceID: Array(repeating: "ESP32-0", count: 501)),
        Expected(.invalidArgument, "device_id")
      ),
    ])
  func errors(request: TraksenseV1.SubscribeRequest, expected: Expected) async {
    let fixture = ServiceFixture()
    await expected.check { () async throws(RPCError) in
      var events = try await subscribe(fixture, request)
      return try await events.next()
    }
    #expect(fixture.hub.subscriptions(of: .umc) == 0)
  }

  @Test("a device without sensors may be subscribed to")
  func deviceWithoutSensors() async throws {
    var events = try await subscribe(
      ServiceFixture(), TraksenseV1.SubscribeRequest(deviceID: ["ESP32-9"]))
    guard case .start(let start) = try await events.next()?.event else {
      Issue.record("no start")
      return
    }
    #expect(start.series.isEmpty)
  }

  @Test("subscriptions are limited per tenant; one that ends makes room")
  func limit() async throws {
    var live = LiveLimits()
    live.maxSubscriptionsPerTenant = 1
    let fixture = ServiceFixture(live: live)
    let reader = Task {
      var events = try await subscribe(fixture)
      while try await events.next() != nil {}
    }
    try await eventually("the first has joined") { fixture.hub.subscriptions(of: .umc) == 1 }
    await Expected(.resourceExhausted).check { () async throws(RPCError) in
      var events = try await subscribe(fixture)
      return try await events.next()
    }
    reader.cancel()
    _ = await reader.result
    try await eventually("the first has left") { fixture.hub.subscriptions(of: .umc) == 0 }
    var events = try await subscribe(fixture)
    #expect(try await events.next() != nil)
  }

  /// Fills the pipe and the live window of a reader that does not read.
  private func overrun(_ fixture: ServiceFixture, _ events: inout Iterator) async throws {
    _ = try await events.next()
    for batch in 0..<60 {
      let readings = (0..<200).map {
        ServiceFixture.reading(age: Int64(batch * 200 + $0))
      }
      _ = try await fixture.ingest(readings)
    }
  }

  private func smallWindow() -> ServiceFixture {
    var live = LiveLimits()
    live.maxViewEntries = 4
    return ServiceFixture(live: live)
  }

  @Test("a slow reader is closed with RESOURCE_EXHAUSTED naming the oldest cursor")
  func slowReaderIsClosed() async throws {
    let fixture = smallWindow()
    var events = try await subscribe(fixture)
    try await overrun(fixture, &events)
    do {
      while try await events.next() != nil {}
      Issue.record("the stream ended OK")
    } catch {
      #expect(error.code == .resourceExhausted)
      #expect(error.message.contains("57"), "\(error)")
    }
  }

  @Test("a slow reader that asked for gaps is told what it missed, and nothing else is missing")
  func slowReaderGetsGap() async throws {
    let fixture = smallWindow()
    var events = try await subscribe(fixture, TraksenseV1.SubscribeRequest(slowReader: .gap))
    try await overrun(fixture, &events)
    var expected: Int64 = 1
    var gaps = 0
    while expected <= 60 {
      switch try await events.next()?.event {
      case .block(let block):
        #expect(block.cursor == expected)
        expected += 1
      case .gap(let gap):
        #expect(gap.fromCursor == expected)
        expected = gap.toCursor + 1
        gaps += 1
      case .start, .series, nil:
        Issue.record("unexpected message")
        return
      }
    }
    #expect(gaps > 0)
  }

  @Test("a stopping server ends the stream with UNAVAILABLE")
  func stop() async throws {
    let fixture = ServiceFixture()
    var events = try await subscribe(fixture)
    _ = try await events.next()
    fixture.hub.close()
    do {
      _ = try await events.next()
      Issue.record("the stream goes on")
    } catch {
      #expect(error.code == .unavailable)
      #expect(error.retryAfter != nil)
    }
  }

  @Test("a deadline ends the stream with DEADLINE_EXCEEDED")
  func deadline() async throws {
    let fixture = ServiceFixture()
    var options = ServiceFixture.umc
    options.timeout = .milliseconds(50)
    do {
      for try await _ in try await fixture.client.subscribe(.init(), options: options) {}
      Issue.record("the stream ended OK")
    } catch {
      #expect(error.code == .deadlineExceeded)
    }
    try await eventually("the subscription is released") {
      fixture.hub.subscriptions(of: .umc) == 0
    }
  }

  @Test("a cursor that cannot be read fails the call with its status")
  func storeErrors() async {
    let fixture = ServiceFixture()
    fixture.store.edit { $0.failure = .unavailable("down") }
    await Expected(.unavailable).check { () async throws(RPCError) in
      var events = try await subscribe(fixture)
      return try await events.next()
    }
  }
}
