// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Changes of the catalogue", .timeLimit(.minutes(5)))
struct CatalogueChangeTests {
  @Test("what was made comes back as it was made, and a change touches what it names only")
  func roundTrips() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      var site = SiteChanges("South")
      site.latitude = Coordinate("-18.9186", .latitude)
      site.longitude = Coordinate("-180", .longitude)
      site.timezone = "UTC"
      let made = try await database.sites.createSite(site, of: plant.tenant)
      #expect(made.latitude?.description == "-18.918600")
      #expect(made.longitude?.description == "-180.000000")
      #expect(made.timezone == "UTC" && made.isActive && made.assets == 0)
      var change = SiteChanges()
      change.latitude = .some(nil)
      change.company = "Acme"
      let changed = try await database.sites.changeSite(made.id, change, of: plant.tenant)
      #expect(changed.latitude == nil && changed.longitude == made.longitude)
      #expect(changed.fullName == "South - Acme" && changed.updatedAt > made.updatedAt)
      #expect(
        try await database.sites.changeSite(made.id, SiteChanges(), of: plant.tenant) == changed)

      var asset = AssetChanges("Chiller", tag: "ch-7")
      asset.installedOn = CalendarDate("2024-02-29")
      asset.lastMaintenance = noon
      asset.specifications = JSONObjectText(#"{"kw": 3.5, "a": [null, true, {"é": "ü"}]}"#)
      let chiller = try await database.assets.createAsset(asset, of: plant.tenant)
      #expect(chiller.tag == "CH-7" && chiller.installedOn?.description == "2024-02-29")
      #expect(chiller.lastMaintenance == noon && chiller.status == "OK")
      #expect(chiller.specifications.text == #"{"a": [null, true, {"é": "ü"}], "kw": 3.5}"#)
      #expect(try await database.assets.asset(chiller.id, of: plant.tenant) == chiller)
      var move = AssetChanges()
      move.site = made.id
      move.installedOn = .some(nil)
      let moved = try await database.assets.changeAsset(chiller.id, move, of: plant.tenant)
      #expect(moved.siteName == "South" && moved.installedOn == nil && moved.name == "Chiller")

      var device = DeviceChanges("GW-1", asset: chiller.id)
      device.offlineAfter = 60
      let gateway = try await database.devices.createDevice(device, of: plant.tenant)
      #expect(gateway.offlineAfter == 60 && gateway.type == "CONTROLLER" && !gateway.isOnline)
      #expect(gateway.siteName == "South" && gateway.status == "OFFLINE" && gateway.lastSeen == nil)
      let sensor = try await database.sensors.createSensor(
        SensorChanges("rh", device: gateway.id), of: plant.tenant)
      #expect(sensor.assetTag == "CH-7" && sensor.lastValue == nil && sensor.thresholds == .empty)
      #expect(try await database.sensors.sensor(sensor.id, of: plant.tenant) == sensor)
    }
  }

  @Test("two changes at once lose nothing of each other")
  func concurrentChanges() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await withThrowingDiscardingTaskGroup { group in
        for number in 0..<20 {
          group.addTask {
            var changes = AssetChanges()
            if number.isMultiple(of: 2) { changes.model = "M" } else { changes.manufacturer = "N" }
            _ = try await database.assets.changeAsset(1, changes, of: plant.tenant)
          }
        }
      }
      let asset = try await database.assets.asset(1, of: plant.tenant)
      #expect(asset.model == "M" && asset.manufacturer == "N" && asset.tag == "CH-001")
    }
  }

  @Test("tags made of names are unique, also when many are made at once")
  func madeTags() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let tags = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<10 {
          group.addTask {
            try await database.assets.createAsset(AssetChanges("Chiller 1"), of: plant.tenant).tag
          }
        }
        var tags: Set<String> = []
        for try await tag in group { tags.insert(tag) }
        return tags
      }
      #expect(tags == Set(["CHILLER-1"] + (2...10).map { "CHILLER-1-\($0)" }))
      let nameless = try await database.assets.createAsset(AssetChanges("!?"), of: plant.tenant)
      #expect(nameless.tag == "CHILLER")
      await #expect(throws: CatalogueError.unknownReference(field: "site")) {
        try await database.assets.createAsset(AssetChanges("x", site: 9), of: plant.tenant)
      }
    }
  }

  @Test("what is taken, does not exist or contradicts is told by its field, and nothing changes")
  func refusals() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let tenant = plant.tenant
      func refuses(
        _ error: CatalogueError, _ body: () async throws -> Void,
        location: SourceLocation = #_sourceLocation
      ) async {
        await #expect(throws: error, sourceLocation: location) { try await body() }
      }
      await refuses(.taken(field: "tag")) {
        _ = try await database.assets.createAsset(AssetChanges("x", tag: "ch-001"), of: tenant)
      }
      await refuses(.taken(field: "mqtt_client_id")) {
        var device = DeviceChanges("ESP32-01")
        device.serialNumber = "other"
        _ = try await database.devices.createDevice(device, of: tenant)
      }
      await refuses(.taken(field: "serial_number")) {
        var device = DeviceChanges()
        device.serialNumber = "2"
        _ = try await database.devices.changeDevice(1, device, of: tenant)
      }
      await refuses(.unknownReference(field: "asset")) {
        _ = try await database.devices.createDevice(DeviceChanges("n", asset: 9), of: tenant)
      }
      await refuses(.unknownReference(field: "device")) {
        _ = try await database.sensors.createSensor(SensorChanges("n", device: 9), of: tenant)
      }
      await refuses(.taken(field: "tag")) {
        _ = try await database.sensors.createSensor(SensorChanges("temp_001"), of: tenant)
      }
      await refuses(.invalid(field: "min_value", "Must not be above max_value.")) {
        var limits = SensorChanges()
        limits.minimum = 200
        _ = try await database.sensors.changeSensor(1, limits, of: tenant)
      }
      await refuses(.invalid(field: "thresholds", "Must lie between min_value and max_value.")) {
        var limits = SensorChanges()
        limits.thresholds = JSONObjectText(#"{"warning_high": 125.5}"#)
        _ = try await database.sensors.changeSensor(1, limits, of: tenant)
      }
      for id: Int64 in [0, -1, 9, .max] {
        await refuses(.notFound) { _ = try await database.sites.site(id, of: tenant) }
        await refuses(.notFound) {
          _ = try await database.sensors.changeSensor(id, SensorChanges("q"), of: tenant)
        }
        await refuses(.notFound) { try await database.devices.deleteDevice(id, of: tenant) }
        await refuses(.notFound) {
          _ = try await database.assets.setActive(false, asset: id, of: tenant)
        }
      }
      #expect(try await plant.count("assets_asset") == 1)
      #expect(try await plant.count("assets_device") == 2)
      #expect(try await plant.count("assets_sensor") == 6)
    }
  }

  @Test(
    "two probes of one metric on one device are two sensors; many are made together or not at all")
  func bulk() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let made = try await database.sensors.createSensors(
        [SensorChanges("rh_2"), SensorChanges("rh_1")], of: plant.tenant)
      #expect(made.map(\.tag) == ["rh_2", "rh_1"])
      await #expect(throws: CatalogueError.taken(field: "sensors[1].tag")) {
        try await database.sensors.createSensors(
          [SensorChanges("rh_3"), SensorChanges("rh_1"), SensorChanges("rh_0")], of: plant.tenant)
      }
      #expect(try await plant.count("assets_sensor") == 8)
    }
  }

  @Test("sensors that are made at once in opposite orders end as one set, not as a fault")
  func opposingBulks() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let new = (0..<50).map { SensorChanges("rh_\($0)") }
      let refusals = await withTaskGroup(of: CatalogueError?.self) { group in
        for number in 0..<6 {
          group.addTask {
            do throws(CatalogueError) {
              _ = try await database.sensors.createSensors(
                number.isMultiple(of: 2) ? new : new.reversed(), of: plant.tenant)
              return nil
            } catch {
              return error
            }
          }
        }
        var refusals: [CatalogueError] = []
        for await refusal in group { if let refusal { refusals.append(refusal) } }
        return refusals
      }
      #expect(refusals.count == 5)
      for refusal in refusals {
        guard case .taken = refusal else {
          Issue.record("\(refusal)")
          continue
        }
      }
      #expect(try await plant.count("assets_sensor") == 56)
    }
  }

  @Test("what is in use is not deleted but counted; what is not goes, with its status")
  func deletion() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let tenant = plant.tenant
      try await plant.run("UPDATE §assets_sensor SET is_active = false WHERE id = 2")
      _ = try await database.store.commit(plant.batch([plant.reading(0, 1, at: noon)]))
      await #expect(throws: CatalogueError.inUse([.init("assets", 1)])) {
        try await database.sites.deleteSite(1, of: tenant)
      }
      await #expect(throws: CatalogueError.inUse([.init("devices", 2), .init("sensors", 6)])) {
        try await database.assets.deleteAsset(1, of: tenant)
      }
      await #expect(throws: CatalogueError.inUse([.init("sensors", 3), .init("readings", 1)])) {
        try await database.devices.deleteDevice(1, of: tenant)
      }
      await #expect(throws: CatalogueError.inUse([.init("readings", 1)])) {
        try await database.sensors.deleteSensor(1, of: tenant)
      }
      _ = try await database.store.commit(
        plant.batch((0..<1_000).map { plant.reading(0, 1, at: noon + (1 + $0)) }))
      await #expect(throws: CatalogueError.inUse([.init("readings", 1_000, isAtLeast: true)])) {
        try await database.sensors.deleteSensor(1, of: tenant)
      }
      #expect(try await plant.count("assets_sensor") == 6)
      try await plant.run("DELETE FROM §telemetry_readings")
      for sensor: Int64 in 1...6 { try await database.sensors.deleteSensor(sensor, of: tenant) }
      for device: Int64 in 1...2 { try await database.devices.deleteDevice(device, of: tenant) }
      try await database.assets.deleteAsset(1, of: tenant)
      try await database.sites.deleteSite(1, of: tenant)
      #expect(try await plant.count("ingest_sensorstatus") == 0)
      #expect(try await plant.count("ingest_devicestatus") == 0)
      #expect(try await plant.count("assets_site") == 0)
    }
  }

  @Test("ingest goes by a change at once, and refuses what is archived")
  func ingest() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let id = try #require(SensorID("temp_001"))
      let address = SensorAddress(device: try Plant.device, sensor: id)
      func lookup() async throws -> SensorLookup? {
        try await database.catalogue.sensors(at: [address], of: plant.tenant)[address]
      }
      var limits = SensorChanges()
      limits.maximum = 30
      limits.minimum = .some(nil)
      limits.unit = "K"
      _ = try await database.sensors.changeSensor(1, limits, of: plant.tenant)
      guard case .found(let sensor) = try await lookup() else {
        Issue.record("the sensor is gone")
        return
      }
      #expect(sensor.maximum == 30 && sensor.minimum == nil && sensor.unit == "K")
      let archived = try await database.sensors.setActive(false, sensor: 1, of: plant.tenant)
      #expect(!archived.isActive)
      #expect(try await lookup() == .unknownSensor)
      _ = try await database.devices.setActive(false, device: 1, of: plant.tenant)
      #expect(try await lookup() == .unknownDevice)
      _ = try await database.devices.setActive(true, device: 1, of: plant.tenant)
      _ = try await database.sensors.setActive(true, sensor: 1, of: plant.tenant)
      #expect(try await lookup() == .found(sensor))
      #expect(try await plant.sensorIDs { $0.device = 1 } == [1, 2, 3])
    }
  }

  @Test("another tenant's things with the same ids are others")
  func isolation() async throws {
    try await withDatabase { database throws in
      let one = try await Plant.make("one", in: database)
      let two = try await Plant.make("two", in: database)
      _ = try await database.sites.changeSite(1, SiteChanges("Mine"), of: one.tenant)
      let made = try await database.assets.createAsset(AssetChanges("New"), of: one.tenant)
      #expect(try await database.sites.site(1, of: two.tenant).name == "Site")
      await #expect(throws: CatalogueError.notFound) {
        try await database.assets.asset(made.id, of: two.tenant)
      }
      await #expect(throws: CatalogueError.notFound) {
        try await database.assets.deleteAsset(made.id, of: two.tenant)
      }
    }
  }
}
