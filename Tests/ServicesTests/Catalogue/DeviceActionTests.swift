// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Testing
import TrakSenseAPI

@testable import Services

@Suite("What devices and sensors do in the catalogue", .timeLimit(.minutes(5)))
struct DeviceActionTests {
  @Test("many sensors are of the device in the path, and are all told what is wrong with them")
  func bulk() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    func sensor(_ tag: String, device: UInt32 = 0) -> TraksenseV1.NewSensor {
      TraksenseV1.NewSensor(
        tag: tag, device: device, metricType: "humidity", unit: "%")
    }
    let made = try await fixture.devices.createDeviceSensors(
      TraksenseV1.CreateDeviceSensorsRequest(
        id: 7, sensors: [sensor("a"), sensor("b", device: 7)]),
      options: writer)
    #expect(made.results.map(\.tag) == ["a", "b"] && made.results.map(\.device) == [7, 7])
    let error = await refusal { () async throws(RPCError) in
      try await fixture.devices.createDeviceSensors(
        TraksenseV1.CreateDeviceSensorsRequest(
          id: 7, sensors: [sensor("a"), sensor("", device: 8), sensor("+")]), options: writer)
    }
    #expect(error.fields == ["sensors[1].device", "sensors[1].tag", "sensors[2].tag"])
    for count in [0, 501] {
      await Expected(.invalidArgument, "sensors").check { () async throws(RPCError) in
        try await fixture.devices.createDeviceSensors(
          TraksenseV1.CreateDeviceSensorsRequest(
            id: 7, sensors: Array(repeating: sensor("a"), count: count)), options: writer)
      }
    }
    fixture.stores.edit { $0.failure = .unknownReference(field: "sensors[0].device") }
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.devices.createDeviceSensors(
        TraksenseV1.CreateDeviceSensorsRequest(id: 9, sensors: [sensor("a")]), options: writer)
    }
  }

  @Test("a device's summary names its variables and is online when one of them is")
  func summary() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    let device = TraksenseV1.CreateDeviceRequest(
      name: "G", serialNumber: "SN-98765", asset: 1, mqttClientID: "gw-1")
    #expect(
      try await fixture.devices.createDevice(device, options: writer).displayName == "Device 8765")
    let request = TraksenseV1.GetDeviceSummaryRequest(id: 1)
    let bare = try await fixture.devices.getDeviceSummary(request, options: writer)
    #expect(bare.variables.isEmpty && bare.deviceStatus == "MAINTENANCE")
    _ = try await fixture.sensors.createSensor(
      TraksenseV1.CreateSensorRequest(tag: "x_rssi", device: 1, metricType: "noise", unit: "dB"),
      options: writer)
    let silent = try await fixture.devices.getDeviceSummary(request, options: writer)
    #expect(silent.variables.map(\.name) == ["RSSI"] && silent.deviceStatus == "OFFLINE")
    #expect(silent.variables[0].lastValue == nil && silent.onlineVariablesCount == 0)
    fixture.stores.edit { state in
      for tenant in state.sensors.keys {
        state.sensors[tenant]?[0].isOnline = true
        state.sensors[tenant]?[0].lastValue = 0
        state.sensors[tenant]?[0].lastReadingAt = ServiceFixture.now
      }
    }
    let online = try await fixture.devices.getDeviceSummary(request, options: writer)
    #expect(online.deviceStatus == "ONLINE" && online.onlineVariablesCount == 1)
    #expect(online.variables[0].lastValue == ProtoDoubleValue(0))
    #expect(online.assetInfo?.tag == "CH-1" && online.totalVariablesCount == 1)
    let order = fixture.stores.edit { $0.sensorQuery?.order }
    #expect(order == [OrderTerm(.metric), OrderTerm(.tag)])
  }

  @Test("a heartbeat without a time is now; one from the future or of another age is refused")
  func heartbeat() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.devices.createDevice(
      TraksenseV1.CreateDeviceRequest(name: "G", serialNumber: "1", asset: 1, mqttClientID: "g"),
      options: writer)
    let now = ServiceFixture.now
    let answer = try await fixture.devices.heartbeat(
      TraksenseV1.HeartbeatRequest(id: 1), options: writer)
    #expect(answer.isOnline && answer.lastSeen?.microseconds == now.microseconds)
    for (seconds, isFine) in [
      (300, true), (301, false), (-158_112_000, true), (-158_112_001, false),
    ] {
      let request = TraksenseV1.HeartbeatRequest(
        id: 1,
        timestamp: ProtoTimestamp(microseconds: now.advanced(by: .seconds(seconds)).microseconds))
      if isFine {
        _ = try await fixture.devices.heartbeat(request, options: writer)
      } else {
        await Expected(.invalidArgument, "timestamp").check { () async throws(RPCError) in
          try await fixture.devices.heartbeat(request, options: writer)
        }
      }
    }
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.devices.heartbeat(TraksenseV1.HeartbeatRequest(id: 9), options: writer)
    }
  }

  @Test("a reading by hand goes the way of all readings, and hears what is wrong with it")
  func readings() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.sensors.createSensor(
      TraksenseV1.CreateSensorRequest(tag: "rh", device: 1, metricType: "humidity", unit: "%"),
      options: writer)
    var request = TraksenseV1.UpdateReadingRequest(id: 1, value: ProtoDoubleValue(0))
    _ = try await fixture.sensors.updateReading(request, options: writer)
    #expect(
      fixture.intake.points == [
        .reading(
          IncomingReading(
            tenant: "umc", deviceID: "ESP32-0", sensorID: "rh", value: 0, unit: "%",
            timestamp: ServiceFixture.now))
      ])
    fixture.intake.answer(.refused(Refusal(.outOfRange, field: "value", message: "too much")))
    await Expected(.invalidArgument, "value").check { () async throws(RPCError) in
      try await fixture.sensors.updateReading(request, options: writer)
    }
    fixture.intake.answer(.refused(Refusal(.unknownSensor, field: "sensor_id", message: "none")))
    await Expected(.failedPrecondition).check { () async throws(RPCError) in
      try await fixture.sensors.updateReading(request, options: writer)
    }
    request.value = nil
    await Expected(.invalidArgument, "value").check { () async throws(RPCError) in
      try await fixture.sensors.updateReading(request, options: writer)
    }
    request = TraksenseV1.UpdateReadingRequest(id: 9, value: ProtoDoubleValue(1))
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.sensors.updateReading(request, options: writer)
    }
  }

  @Test("assets come complete with what their sensors measured last, by the sensors' ids")
  func completeAssets() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.assets.createAsset(
      TraksenseV1.CreateAssetRequest(name: "C", site: 1, type: "chiller"), options: writer)
    for tag in ["a", "b"] {
      _ = try await fixture.sensors.createSensor(
        TraksenseV1.CreateSensorRequest(tag: tag, device: 1, metricType: "cop", unit: "1"),
        options: writer)
    }
    fixture.stores.edit { state in
      for tenant in state.sensors.keys {
        state.sensors[tenant]?[1].lastValue = 0
        state.sensors[tenant]?[1].lastReadingAt = ServiceFixture.now
      }
    }
    let complete = try await fixture.assets.listCompleteAssets(
      TraksenseV1.ListAssetsRequest(), options: writer)
    let readings = try #require(complete.results.first?.latestReadings)
    #expect(readings.keys.sorted() == [2] && readings[2]?.tag == "b" && readings[2]?.value == 0)
    #expect(fixture.stores.edit { $0.sensorQuery?.assets } == [1])
  }

  @Test("an asset's health is computed when somebody asks for it")
  func health() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.assets.createAsset(
      TraksenseV1.CreateAssetRequest(name: "C", site: 1, type: "chiller"), options: writer)
    let health = try await fixture.assets.calculateAssetHealth(.init(id: 1), options: writer)
    #expect(health.healthScore == 42 && health.updatedAt == ProtoTimestamp(ServiceFixture.now))
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.assets.calculateAssetHealth(.init(id: 9), options: writer)
    }
  }

  @Test("other tenants' things are not there, and viewers do not write")
  func access() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.sites.createSite(
      TraksenseV1.CreateSiteRequest(name: "S"), options: writer)
    let rival = try await fixture.people.options("owner", of: "acme")
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.sites.getSite(TraksenseV1.GetSiteRequest(id: 1), options: rival)
    }
    let technician = try await fixture.people.options("technician")
    #expect(
      try await fixture.sites.getSite(TraksenseV1.GetSiteRequest(id: 1), options: technician).name
        == "S")
    let error = await refusal { () async throws(RPCError) in
      try await fixture.sites.deleteSite(TraksenseV1.DeleteSiteRequest(id: 1), options: technician)
    }
    #expect(error.code == .permissionDenied)
    let stats = try await fixture.sites.getSiteStats(
      TraksenseV1.GetSiteStatsRequest(id: 1), options: technician)
    #expect(stats.totalAssets == 3 && stats.assetsWithActiveAlerts == 2)
    #expect(stats.avgDeviceAvailability?.value == 99.5)
  }
}
