// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Testing
import TrakSenseAPI

@testable import Services

@Suite("Status of devices and sensors", .timeLimit(.minutes(5)))
struct StatusHistoryTests {
  private static let now = ServiceFixture.now

  private func at(_ seconds: Int64) -> Timestamp { Self.now.advanced(by: .seconds(seconds)) }

  private func change(_ sensor: Int64?, _ seconds: Int64, _ isOnline: Bool) -> StatusChange {
    StatusChange(sensorKey: sensor, since: at(seconds), isOnline: isOnline)
  }

  /// A device with two sensors.
  private func fixture() async throws -> (CatalogueFixture, CallOptions) {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.devices.createDevice(
      TraksenseV1.CreateDeviceRequest(
        name: "G", serialNumber: "SN-1", asset: 1, mqttClientID: "gw-1"), options: writer)
    for tag in ["a", "b"] {
      _ = try await fixture.sensors.createSensor(
        TraksenseV1.CreateSensorRequest(tag: tag, device: 1, metricType: "cop", unit: "1"),
        options: writer)
    }
    fixture.statuses.edit {
      $0.changes = [
        change(1, -90_000, true), change(1, -43_200, false), change(2, -50_000, true),
        change(2, -21_600, false), change(2, -10_800, true),
      ]
    }
    return (fixture, writer)
  }

  @Test("a sensor's history is its own, a device's that of all its sensors and of its heartbeats")
  func histories() async throws {
    let (fixture, writer) = try await fixture()
    let sensor = try await fixture.sensors.getSensorStatusHistory(.init(id: 1), options: writer)
    #expect(sensor.intervals.map(\.status) == ["ONLINE", "OFFLINE"])
    #expect(sensor.availability?.value == 50 && !sensor.truncated)
    #expect(sensor.from == ProtoTimestamp(at(-86_400)) && sensor.to == ProtoTimestamp(Self.now))
    #expect(sensor.intervals.first?.start == sensor.from)
    #expect(sensor.intervals.first?.end == ProtoTimestamp(at(-43_200)))
    #expect(sensor.intervals.map(\.durationSeconds) == [43_200, 43_200])
    let device = try await fixture.devices.getDeviceStatusHistory(.init(id: 1), options: writer)
    #expect(device.intervals.map(\.status) == ["ONLINE", "OFFLINE", "ONLINE"])
    #expect(device.intervals.last?.end == ProtoTimestamp(Self.now))
    #expect(device.availability?.value == 87.5)
    #expect(fixture.statuses.edit { $0.device } == 1)
    fixture.statuses.edit {
      $0.changes?.append(StatusChange(sensorKey: nil, since: at(-16_200), isOnline: true))
    }
    let alive = try await fixture.devices.getDeviceStatusHistory(.init(id: 1), options: writer)
    #expect(alive.availability?.value == 93.75)
    #expect(alive.intervals.map(\.durationSeconds) == [64_800, 5_400, 16_200])
  }

  @Test("a sensor's history says since when it was in warning; that counts as available")
  func warnings() async throws {
    let (fixture, writer) = try await fixture()
    fixture.statuses.edit {
      $0.warnings = [
        WarningChange(since: at(-80_000), isBeyond: true),
        WarningChange(since: at(-60_000), isBeyond: false),
      ]
    }
    let sensor = try await fixture.sensors.getSensorStatusHistory(.init(id: 1), options: writer)
    #expect(sensor.intervals.map(\.status) == ["ONLINE", "WARNING", "ONLINE", "OFFLINE"])
    #expect(sensor.intervals.map(\.durationSeconds) == [6_400, 20_000, 16_800, 43_200])
    #expect(sensor.availability?.value == 50)
    let device = try await fixture.devices.getDeviceStatusHistory(.init(id: 1), options: writer)
    #expect(device.intervals.map(\.status) == ["ONLINE", "OFFLINE", "ONLINE"])
  }

  @Test(
    "a limit cuts the intervals and says so; availability is that of the whole range",
    arguments: 2...4)
  func limit(_ limit: UInt32) async throws {
    let (fixture, writer) = try await fixture()
    let answer = try await fixture.devices.getDeviceStatusHistory(
      .init(id: 1, limit: limit), options: writer)
    #expect(answer.intervals.count == min(Int(limit), 3) && answer.truncated == (limit < 3))
    #expect(answer.availability?.value == 87.5)
  }

  @Test("what is to come is left out; of what nothing is known there is nothing")
  func ranges() async throws {
    let (fixture, writer) = try await fixture()
    let future = try await fixture.sensors.getSensorStatusHistory(
      .init(id: 2, from: ProtoTimestamp(at(-3_600)), to: ProtoTimestamp(at(3_600))),
      options: writer)
    #expect(future.intervals.map(\.durationSeconds) == [3_600])
    #expect(future.to == ProtoTimestamp(at(3_600)) && future.availability?.value == 100)
    #expect(fixture.statuses.edit { $0.range } == at(-3_600)..<Self.now)
    fixture.statuses.edit { $0.changes = [] }
    for from in [-3_600, 60] as [Int64] {
      let nothing = try await fixture.sensors.getSensorStatusHistory(
        .init(id: 2, from: ProtoTimestamp(at(from)), to: ProtoTimestamp(at(3_600))),
        options: writer)
      #expect(nothing.intervals.isEmpty && nothing.availability == nil && !nothing.truncated)
    }
  }

  @Test("bad ranges and limits name their field; things that are not there are not found")
  func refusals() async throws {
    let (fixture, writer) = try await fixture()
    typealias Request = TraksenseV1.GetStatusHistoryRequest
    let bad: [(Request, String)] = [
      (Request(id: 1, from: ProtoTimestamp(Self.now), to: ProtoTimestamp(Self.now)), "from"),
      (Request(id: 1, from: ProtoTimestamp(at(-366 * 86_400 - 1))), "from"),
      (Request(id: 1, from: ProtoTimestamp(seconds: .max)), "from"),
      (Request(id: 1, to: ProtoTimestamp(seconds: .min)), "to"),
      (Request(id: 1, limit: 5_001), "limit"),
    ]
    for (request, field) in bad {
      await Expected(.invalidArgument, field).check { () async throws(RPCError) in
        try await fixture.sensors.getSensorStatusHistory(request, options: writer)
      }
      await Expected(.invalidArgument, field).check { () async throws(RPCError) in
        try await fixture.devices.getDeviceStatusHistory(request, options: writer)
      }
    }
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.sensors.getSensorStatusHistory(Request(id: 9), options: writer)
    }
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.devices.getDeviceStatusHistory(Request(id: 9), options: writer)
    }
    fixture.statuses.edit { $0.changes = nil }
    await Expected(.invalidArgument, "from").check { () async throws(RPCError) in
      try await fixture.sensors.getSensorStatusHistory(Request(id: 1), options: writer)
    }
    fixture.statuses.edit { $0.failure = .overloaded }
    await Expected(.unavailable).check { () async throws(RPCError) in
      try await fixture.sensors.getSensorStatusHistory(Request(id: 1), options: writer)
    }
  }

  @Test("sensors and devices show how they are by what is measured")
  func shown() async throws {
    let (fixture, writer) = try await fixture()
    fixture.stores.edit { state in
      for tenant in state.sensors.keys {
        state.sensors[tenant]?[0].isOnline = true
        state.sensors[tenant]?[0].availability = 12.5
        state.sensors[tenant]?[1].isBeyondThresholds = true
        state.devices[tenant]?[0].isOnline = true
        state.devices[tenant]?[0].sensors = 2
        state.devices[tenant]?[0].onlineSensors = 1
      }
    }
    let sensor = try await fixture.sensors.getSensor(.init(id: 1), options: writer)
    #expect(sensor.status == "ONLINE" && sensor.availability?.value == 12.5)
    let silent = try await fixture.sensors.getSensor(.init(id: 2), options: writer)
    #expect(silent.status == "OFFLINE" && silent.availability == nil)
    fixture.stores.edit { state in
      for tenant in state.sensors.keys {
        state.sensors[tenant]?[0].isBeyondThresholds = true
      }
    }
    for status in ["warning", "Online", "OFFLINE"] {
      let list = try await fixture.sensors.listSensors(.init(status: status), options: writer)
      #expect(list.results.map(\.status) == ["WARNING", "OFFLINE"])
      #expect(fixture.stores.edit { $0.sensorQuery?.status } == Connectivity(anyCase: status))
    }
    _ = try await fixture.assets.listAssetSensors(.init(id: 1, status: "warning"), options: writer)
    #expect(fixture.stores.edit { $0.sensorQuery?.status } == .warning)
    _ = try await fixture.devices.listDeviceSensors(.init(id: 1, status: "online"), options: writer)
    #expect(fixture.stores.edit { $0.sensorQuery?.status } == .online)
    await Expected(.invalidArgument, "status").check { () async throws(RPCError) in
      try await fixture.sensors.listSensors(.init(status: "ERROR"), options: writer)
    }
    let device = try await fixture.devices.getDevice(.init(id: 1), options: writer)
    #expect(device.status == "MAINTENANCE" && device.connectivity == "WARNING")
    let states: [(String, Bool, Int, String)] = [
      ("ERROR", false, 0, "WARNING"), ("OFFLINE", false, 0, "OFFLINE"),
      ("ONLINE", true, 2, "ONLINE"),
      ("MAINTENANCE", true, 2, "ONLINE"), ("MAINTENANCE", false, 2, "OFFLINE"),
    ]
    for (status, isOnline, online, connectivity) in states {
      fixture.stores.edit { state in
        for tenant in state.devices.keys {
          state.devices[tenant]?[0].status = status
          state.devices[tenant]?[0].isOnline = isOnline
          state.devices[tenant]?[0].onlineSensors = online
        }
      }
      let device = try await fixture.devices.getDevice(.init(id: 1), options: writer)
      #expect(device.connectivity == connectivity, "\(status)")
    }
  }
}
