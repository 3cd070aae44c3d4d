// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Services of the catalogue", .timeLimit(.minutes(5)))
struct CatalogueServiceTests {
  @Test("the seed's body makes an asset, under either name of its type and in any case")
  func seedBody() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    let request = TraksenseV1.CreateAssetRequest(name: "Chiller 1", site: 1, type: "chiller")
    let asset = try await fixture.assets.createAsset(request, options: writer)
    #expect(asset.assetType == "CHILLER" && asset.status == "OK" && asset.tag == "MADE")
    #expect(asset.specifications == ProtoStruct())
    let changes = try #require(fixture.stores.edit { $0.assetChanges })
    #expect(changes.type == .chiller && changes.tag == nil && changes.status == nil)
    let other = TraksenseV1.CreateAssetRequest(
      tag: " ahu-1 ", site: 1, assetType: "Fan_Coil", status: "alert")
    _ = try await fixture.assets.createAsset(other, options: writer)
    let second = try #require(fixture.stores.edit { $0.assetChanges })
    #expect(second.tag?.rawValue == "AHU-1" && second.type == .fanCoil && second.status == .alert)
  }

  @Test("everything that is wrong with a request is told at once, by field")
  func allProblems() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    let long = String(repeating: "x", count: 201)
    let site = await refusal {
      () async throws(RPCError) in
      try await fixture.sites.createSite(
        TraksenseV1.CreateSiteRequest(
          company: long, latitude: ProtoStringValue("95.0"), longitude: ProtoStringValue("x"),
          timezone: "Mars/Base"), options: writer)
    }
    #expect(site.code == .invalidArgument)
    #expect(site.fields == ["company", "latitude", "longitude", "name", "timezone"])
    let asset = await refusal { () async throws(RPCError) in
      try await fixture.assets.createAsset(
        TraksenseV1.CreateAssetRequest(
          assetType: "toaster", installationDate: ProtoStringValue("2023-02-29"),
          lastMaintenance: ProtoTimestamp(seconds: .max), status: "online",
          specifications: ProtoStruct(["a": .number(1e300)])), options: writer)
    }
    #expect(
      asset.fields == [
        "asset_type", "installation_date", "last_maintenance", "name", "site", "specifications",
        "status",
      ])
    #expect(asset.violations.contains { $0.description.contains("CHILLER, AHU, FAN_COIL") })
    let device = await refusal { () async throws(RPCError) in
      try await fixture.devices.createDevice(
        TraksenseV1.CreateDeviceRequest(
          mqttClientID: "a/b", deviceType: "x", status: "x", firmwareVersion: long,
          offlineAfterSeconds: 9), options: writer)
    }
    #expect(
      device.fields == [
        "asset", "device_type", "firmware_version", "mqtt_client_id", "name",
        "offline_after_seconds", "serial_number", "status",
      ])
    let sensor = await refusal { () async throws(RPCError) in
      try await fixture.sensors.createSensor(
        TraksenseV1.CreateSensorRequest(
          tag: "#", metricType: "temperature", minValue: ProtoDoubleValue(.nan),
          thresholds: ProtoStruct(["setpoint": .string("x")])), options: writer)
    }
    #expect(
      sensor.fields == ["device", "metric_type", "min_value", "tag", "thresholds", "unit"])
    let list = await refusal { () async throws(RPCError) in
      try await fixture.devices.listDevices(
        TraksenseV1.ListDevicesRequest(
          search: String(repeating: "a ", count: 11), ordering: "name,-nope", deviceType: "x",
          status: "broken"), options: writer)
    }
    #expect(list.fields == ["device_type", "ordering", "search", "status"])
  }

  @Test("what does not exist is told together with everything else that is wrong")
  func missingReferences() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    func fields(_ body: () async throws(RPCError) -> some Sendable) async -> [String] {
      let error = await refusal(body)
      #expect(error.code == .invalidArgument)
      return error.fields
    }
    #expect(
      await fields { () async throws(RPCError) in
        try await fixture.assets.createAsset(
          .init(name: "x", site: 9, assetType: "toaster"), options: writer)
      } == ["asset_type", "site"])
    #expect(
      await fields { () async throws(RPCError) in
        try await fixture.devices.createDevice(.init(name: "x", asset: 9), options: writer)
      } == ["asset", "mqtt_client_id", "serial_number"])
    #expect(
      await fields { () async throws(RPCError) in
        try await fixture.sensors.updateSensor(
          .init(id: 1, device: 9, unit: String(repeating: "x", count: 51)), options: writer)
      } == ["device", "unit"])
    // One that exists is not among the problems.
    _ = try await fixture.sites.createSite(.init(name: "S"), options: writer)
    #expect(
      await fields { () async throws(RPCError) in
        try await fixture.assets.createAsset(
          .init(name: "x", site: 1, assetType: "toaster"), options: writer)
      } == ["asset_type"])
    #expect(
      await fields { () async throws(RPCError) in
        try await fixture.sensors.createSensor(
          .init(
            tag: "t", device: 9, metricType: "cop", unit: "1", maxValue: ProtoDoubleValue(1),
            thresholds: ProtoStruct(["setpoint": .number(2)])), options: writer)
      } == ["device", "thresholds"])
  }

  @Test("a change names what it changes; a null that is named takes away; a PUT must be whole")
  func masks() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    let site = try await fixture.sites.createSite(
      TraksenseV1.CreateSiteRequest(name: "S", latitude: ProtoStringValue("1.5")), options: writer)
    #expect(site.latitude?.value == "1.500000" && site.longitude == nil)
    var change = TraksenseV1.UpdateSiteRequest(
      id: 1, name: "ignored", updateMask: ProtoFieldMask(paths: ["latitude", "company"]))
    _ = try await fixture.sites.updateSite(change, options: writer)
    var expected = SiteChanges()
    expected.latitude = .some(nil)
    expected.company = ""
    #expect(fixture.stores.edit { $0.siteChanges } == expected)
    change.updateMask = nil
    _ = try await fixture.sites.updateSite(change, options: writer)
    expected = SiteChanges()
    expected.name = "ignored"
    #expect(fixture.stores.edit { $0.siteChanges } == expected)
    change.name = ""
    change.updateMask = ProtoFieldMask(paths: ["company"])
    let put = await refusal { () async throws(RPCError) in
      try await fixture.sites.replaceSite(change, options: writer)
    }
    #expect(put.fields == ["name"])
    change.updateMask = ProtoFieldMask(paths: ["name"])
    let empty = await refusal { () async throws(RPCError) in
      try await fixture.sites.updateSite(change, options: writer)
    }
    #expect(empty.fields == ["name"])
  }

  @Test("a sensor's min and max are one thing with those of its thresholds")
  func thresholds() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.devices.createDevice(
      .init(name: "G", serialNumber: "S", asset: 1, mqttClientID: "g"), options: writer)
    var request = TraksenseV1.CreateSensorRequest(
      tag: "t", device: 1, metricType: "HUMIDITY", unit: "%", minValue: ProtoDoubleValue(0),
      thresholds: ProtoStruct([
        "min": .number(0), "max": .number(100), "warning_low": .number(20),
        "warning_high": .number(80), "note": .string("x"),
      ]))
    let sensor = try await fixture.sensors.createSensor(request, options: writer)
    let new = try #require(fixture.stores.edit { $0.sensorChanges.first })
    #expect(new.minimum == 0 && new.maximum == 100)
    #expect(new.thresholds?.text == #"{"note":"x","warning_high":80.0,"warning_low":20.0}"#)
    #expect(sensor.thresholds == request.thresholds && sensor.maxValue?.value == 100)
    let bad: [(ProtoStruct, String)] = [
      (ProtoStruct(["min": .number(1)]), "min is min_value"),
      (ProtoStruct(["min": .null]), "min is min_value"),
      (ProtoStruct(["warning_low": .number(3), "setpoint": .number(2)]), "warning_low must not"),
      (ProtoStruct(["max": .number(1), "critical_high": .number(2)]), "critical_high must not"),
      (ProtoStruct(["max": .bool(true)]), "max must be a number"),
      (ProtoStruct(["x": .string(String(repeating: "x", count: 4_096))]), "no longer than 4096"),
    ]
    for (thresholds, problem) in bad {
      request.thresholds = thresholds
      let error = await refusal { () async throws(RPCError) in
        try await fixture.sensors.createSensor(request, options: writer)
      }
      #expect(error.fields == ["thresholds"])
      #expect(error.message.contains(problem), "\(error.message)")
    }
    // Thresholds that do not say min and max leave the limits alone.
    _ = try await fixture.sensors.updateSensor(
      TraksenseV1.UpdateSensorRequest(
        id: 1, thresholds: ProtoStruct(["max": .null]),
        updateMask: ProtoFieldMask(paths: ["thresholds"])), options: writer)
    let change = try #require(fixture.stores.edit { $0.sensorChanges.first })
    #expect(change.minimum == nil && change.maximum == .some(nil) && change.thresholds == .empty)
  }

  @Test("objects are bounded in depth, length and content", arguments: [15, 16, 17])
  func objects(_ depth: Int) async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    _ = try await fixture.sites.createSite(.init(name: "S"), options: writer)
    var value = ProtoValue.null
    for _ in 1..<depth { value = .list([value]) }
    let request = TraksenseV1.CreateAssetRequest(
      name: "x", site: 1, type: "pump", specifications: ProtoStruct(["a": value]))
    if depth <= 16 {
      let asset = try await fixture.assets.createAsset(request, options: writer)
      #expect(asset.specifications == request.specifications)
    } else {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.assets.createAsset(request, options: writer)
      }
      #expect(error.fields == ["specifications"])
    }
    for bad in [
      ProtoStruct(["\0": .null]), ProtoStruct(["a": .string("\0")]),
      ProtoStruct(["a": .number(.infinity)]), ProtoStruct(["a": .number(1e-31)]),
      ProtoStruct(["a": .string(String(repeating: "x", count: 16 << 10))]),
    ] {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.assets.createAsset(
          TraksenseV1.CreateAssetRequest(name: "x", site: 1, type: "pump", specifications: bad),
          options: writer)
      }
      #expect(error.fields == ["specifications"])
    }
  }

  @Test("lists hand on what is asked for, and pages end with NOT_FOUND")
  func lists() async throws {
    let fixture = try await CatalogueFixture()
    let viewer = try await fixture.people.options("viewer")
    let writer = try await fixture.writer()
    for name in ["a", "b", "c"] {
      _ = try await fixture.sites.createSite(
        TraksenseV1.CreateSiteRequest(name: name), options: writer)
    }
    let page = try await fixture.sites.listSites(
      TraksenseV1.ListSitesRequest(
        page: 2, pageSize: 2, search: "x, y", ordering: "-name,id", company: "c", archived: true),
      options: viewer)
    #expect(page.count == 3 && page.results.map(\.name) == ["c"])
    var expected = SiteQuery()
    expected.search = ["x", "y"]
    expected.order = [OrderTerm(.name, isDescending: true), OrderTerm(.id)]
    expected.company = "c"
    expected.withArchived = true
    #expect(fixture.stores.edit { $0.siteQuery } == expected)
    await Expected(.notFound, "page").check { () async throws(RPCError) in
      try await fixture.sites.listSites(
        TraksenseV1.ListSitesRequest(page: 3, pageSize: 2), options: viewer)
    }
    await Expected(.invalidArgument, "page_size").check { () async throws(RPCError) in
      try await fixture.sites.listSites(
        TraksenseV1.ListSitesRequest(pageSize: 501), options: viewer)
    }
    for (status, wanted) in [
      ("online", .measured(.online)), ("Offline", .measured(.offline)),
      ("WARNING", .measured(.warning)), ("ok", .said(.ok)), ("", nil),
    ] as [(String, AssetQuery.Status?)] {
      _ = try await fixture.assets.listAssets(
        TraksenseV1.ListAssetsRequest(status: status), options: viewer)
      #expect(fixture.stores.edit { $0.assetQuery?.status } == wanted)
    }
    _ = try await fixture.devices.listDevices(
      TraksenseV1.ListDevicesRequest(status: "warning", isOnline: ProtoBoolValue(false)),
      options: viewer)
    let devices = try #require(fixture.stores.edit { $0.deviceQuery })
    #expect(devices.status == .warning && devices.isOnline == false)
    await Expected(.invalidArgument, "site").check { () async throws(RPCError) in
      try await fixture.assets.listAssets(
        TraksenseV1.ListAssetsRequest(site: ProtoUInt32Value(9)), options: viewer)
    }
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.sites.listSiteAssets(
        TraksenseV1.ListSiteAssetsRequest(id: 9), options: viewer)
    }
  }

  @Test("what a store refuses reaches the caller with its field, code and counts")
  func refusals() async throws {
    let fixture = try await CatalogueFixture()
    let writer = try await fixture.writer()
    func error(_ failure: CatalogueError) async -> RPCError {
      fixture.stores.edit { $0.failure = failure }
      return await refusal { () async throws(RPCError) in
        try await fixture.devices.deleteDevice(
          TraksenseV1.DeleteDeviceRequest(id: 1), options: writer)
      }
    }
    let inUse = await error(
      .inUse([.init("sensors", 1), .init("readings", 1_000, isAtLeast: true)]))
    #expect(inUse.code == .failedPrecondition && inUse.violations.isEmpty)
    #expect(
      inUse.message
        == "The device has 1 sensor and more than 1000 readings: remove them first, or archive it.")
    #expect(inUse.details.reason?.metadata == ["sensors": "1", "readings": "1000"])
    let taken = await error(.taken(field: "sensors[2].tag"))
    #expect(taken.code == .alreadyExists && taken.fields == ["sensors[2].tag"])
    #expect(taken.message == "A device with this tag already exists.")
    #expect(await error(.unknownReference(field: "asset")).fields == ["asset"])
    #expect(await error(.invalid(field: "min_value", "no")).code == .invalidArgument)
    #expect(await error(.notFound).code == .notFound)
    #expect(await error(.store(.overloaded)).code == .unavailable)
    #expect(await error(.store(.failed(sqlState: "XX000", "secret"))).message == "internal error")
  }
}
