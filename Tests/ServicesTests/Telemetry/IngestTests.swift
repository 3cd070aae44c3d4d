// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Ingest", .timeLimit(.minutes(5)))
struct IngestTests {
  @Test("stores good points, marks repetitions, and says of each where it ended")
  func outcomes() async throws {
    let fixture = ServiceFixture()
    var bad = ServiceFixture.reading(age: 9)
    bad.value = 100.5
    let response = try await fixture.ingest([
      ServiceFixture.reading(age: 1), ServiceFixture.reading(age: 1), bad,
    ])
    #expect(response.results.map(\.outcome) == [.stored, .duplicate, .refused])
    #expect((response.stored, response.duplicates, response.refused) == (1, 1, 1))
    #expect(response.results[2].reason == "out_of_range")
    #expect(response.results[2].field == "value")
    #expect(!response.results[2].message.isEmpty)
  }

  @Test(
    "takes the key from three places",
    arguments: [
      ("x-api-key", "correct horse"), ("x-device-token", "correct horse"),
      ("authorization", "Bearer correct horse"), ("authorization", "bearer correct horse"),
    ])
  func keyPlaces(name: String, value: String) async throws {
    var metadata: Metadata = ["x-tenant": "umc"]
    metadata.add(value, for: name)
    _ = try await ServiceFixture().ingest(
      [ServiceFixture.reading()], options: CallOptions(metadata: metadata))
  }

  @Test(
    "is UNAUTHENTICATED without the right key, before anything else is looked at",
    arguments: [
      ("x-api-key", ""), ("x-api-key", "wrong"), ("x-api-key", "correct hors"),
      ("x-api-key", "correct horse "), ("authorization", "correct horse"),
      ("authorization", "Basic correct horse"), ("authorization", "Bearer"), ("x-other", "x"),
    ])
  func wrongKey(name: String, value: String) async {
    let fixture = ServiceFixture()
    var metadata = Metadata()
    metadata.add(value, for: name)
    let options = CallOptions(metadata: metadata)
    await Expected(.unauthenticated).check { () async throws(RPCError) in
      try await fixture.ingest([], options: options)
    }
    #expect(fixture.intake.accepted == 0)
  }

  @Test(
    "is closed when no key is configured, and says which setting opens it", arguments: [[], [""]])
  func noKey(keys: [String]) async {
    let fixture = ServiceFixture(keys: keys)
    do {
      _ = try await fixture.ingest([ServiceFixture.reading()])
      Issue.record("the call succeeded")
    } catch {
      #expect(error.code == .unauthenticated)
      #expect(error.message.contains("INGEST_KEY"))
    }
  }

  @Test("any of several keys opens")
  func severalKeys() async throws {
    _ = try await ServiceFixture(keys: ["other", ServiceFixture.key, "third"])
      .ingest([ServiceFixture.reading()])
  }

  @Test(
    "batches are limited", arguments: [(0, false), (1, true), (9, true), (10, true), (11, false)])
  func batchLimit(count: Int, isAccepted: Bool) async throws {
    var limits = TelemetryLimits()
    limits.maxIngestReadings = 10
    let fixture = ServiceFixture(limits: limits)
    let readings = (0..<count).map { ServiceFixture.reading(age: Int64($0)) }
    if isAccepted {
      #expect(Int(try await fixture.ingest(readings).stored) == count)
    } else {
      await Expected(.invalidArgument, "readings").check { () async throws(RPCError) in
        try await fixture.ingest(readings)
      }
    }
  }

  @Test("the default limit is the .proto's")
  func defaultLimit() {
    #expect(TelemetryLimits().maxIngestReadings == 10_000)
  }

  struct BadReading: Sendable, CustomTestStringConvertible {
    let field: String
    let code: StatusCode
    let change: @Sendable (inout TraksenseV1.Reading) -> Void

    init(
      _ field: String, _ code: StatusCode = .invalidArgument,
      _ change: @escaping @Sendable (inout TraksenseV1.Reading) -> Void
    ) {
      self.field = field
      self.code = code
      self.change = change
    }

    var testDescription: String { field }
  }

  static let badReadings: [BadReading] = [
    BadReading("device_id") { $0.deviceID = "" },
    BadReading("device_id", .notFound) { $0.deviceID = "ESP32-77" },
    BadReading("sensor_id") { $0.sensorID = "" },
    BadReading("sensor_id", .notFound) { $0.sensorID = "s-77" },
    BadReading("unit") { $0.unit = "" },
    BadReading("unit") { $0.unit = "°F" },
    BadReading("value") { $0.value = .nan },
    BadReading("value") { $0.value = .infinity },
    BadReading("value") { $0.value = -0.1 },
    BadReading("value") { $0.value = 100.1 },
    BadReading("timestamp") { $0.timestamp = nil },
    BadReading("timestamp") { $0.timestamp = ProtoTimestamp(seconds: .max, nanos: 0) },
    BadReading("timestamp") { $0.timestamp = ProtoTimestamp(seconds: 0, nanos: -1) },
    BadReading("timestamp") { $0.timestamp = ProtoTimestamp(seconds: 0, nanos: 1_000_000_000) },
    BadReading("timestamp") { $0.timestamp = ProtoTimestamp(seconds: 4_070_908_800, nanos: 0) },
    BadReading("timestamp") { $0.timestamp = ProtoTimestamp(seconds: 0, nanos: 0) },
  ]

  @Test("one bad point names its field and stores nothing", arguments: badReadings)
  func badReading(bad: BadReading) async {
    let fixture = ServiceFixture()
    var reading = ServiceFixture.reading()
    bad.change(&reading)
    await Expected(bad.code, "readings[0].\(bad.field)").check { () async throws(RPCError) in
      try await fixture.ingest([reading])
    }
    #expect(fixture.store.edit { $0.journal.isEmpty })
  }

  @Test("a bad point does not keep its neighbours out", arguments: badReadings)
  func neighbours(bad: BadReading) async throws {
    var reading = ServiceFixture.reading(age: 1)
    bad.change(&reading)
    let response = try await ServiceFixture().ingest([reading, ServiceFixture.reading()])
    #expect(response.results.map(\.outcome) == [.refused, .stored])
    #expect(response.results[0].field == bad.field)
  }

  @Test("when all are refused the first decides and at most 100 are listed")
  func allRefused() async {
    let fixture = ServiceFixture()
    var readings = (0..<101).map { ServiceFixture.reading(age: Int64($0)) }
    for index in readings.indices { readings[index].unit = "K" }
    readings[0].deviceID = "ESP32-77"
    do {
      _ = try await fixture.ingest(readings)
      Issue.record("the call succeeded")
    } catch {
      #expect(error.code == .notFound)
      #expect(error.violations.count == 100)
      #expect(error.violations.first?.field == "readings[0].device_id")
      #expect(error.violations.last?.field == "readings[99].unit")
    }
  }

  @Test("the request's tenant stands in for the call's, and must not contradict it")
  func requestTenant() async throws {
    let fixture = ServiceFixture()
    let nameless = CallOptions(metadata: ["x-api-key": ServiceFixture.key])
    let onHost = CallOptions(
      metadata: ["x-api-key": ServiceFixture.key], authority: "umc.localhost:8000")
    _ = try await fixture.ingest(
      [ServiceFixture.reading()], tenant: "umc", options: nameless)
    _ = try await fixture.ingest([ServiceFixture.reading()], tenant: "umc", options: onHost)
    for options in [onHost, ServiceFixture.umc, ServiceFixture.installation] {
      await Expected(.permissionDenied, "tenant").check { () async throws(RPCError) in
        try await fixture.ingest(
          [ServiceFixture.reading()], tenant: "acme", options: options)
      }
    }
    await Expected(.notFound, "tenant").check { () async throws(RPCError) in
      try await fixture.ingest(
        [ServiceFixture.reading()], tenant: "nobody", options: nameless)
    }
  }

  @Test(
    "a store that cannot answer decides the code; no detail of it gets out",
    arguments: [
      (StoreError.unavailable("secret"), StatusCode.unavailable),
      (.overloaded, .unavailable), (.cancelled, .cancelled),
      (.failed(sqlState: "42P01", "secret"), .internalError),
    ])
  func storeErrors(failure: StoreError, code: StatusCode) async {
    let fixture = ServiceFixture()
    fixture.intake.fail(failure)
    do {
      _ = try await fixture.ingest([ServiceFixture.reading()])
      Issue.record("the call succeeded")
    } catch {
      #expect(error.code == code)
      #expect((error.retryAfter != nil) == failure.isTransient)
      #expect(!error.message.contains("secret") && !error.message.contains("42P01"))
    }
  }
}
