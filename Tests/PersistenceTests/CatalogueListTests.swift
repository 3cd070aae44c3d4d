// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Lists of the catalogue", .timeLimit(.minutes(5)))
struct CatalogueListTests {
  @Test("filters, search, order and pages do what they say, for all four lists")
  func lists() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await plant.run(
        """
        INSERT INTO §assets_site (name, company, sector, address, latitude) VALUES
          ('100% North_1', 'Acme', 'Health', 'Main Street\\1', -18.9186), ('North', 'Acme', '', '', NULL),
          ('Old', '', '', '', NULL);
        UPDATE §assets_site SET is_active = false WHERE name = 'Old';
        INSERT INTO §assets_asset (site_id, tag, name, asset_type, status, manufacturer, model)
          VALUES (2, 'AHU-1', 'Air', 'AHU', 'ALERT', 'Trane', 'X1'), (2, 'AHU-2', 'Air', 'AHU', 'OK', 'KSB', 'X2');
        """)
      #expect(try await plant.siteNames { _ in } == ["100% North_1", "North", "Site"])
      #expect(try await plant.siteNames { $0.withArchived = true }.contains("Old"))
      #expect(try await plant.siteNames { $0.search = ["nOrTh"] } == ["100% North_1", "North"])
      // What LIKE would take for patterns are characters.
      for (term, names) in [
        ("%", ["100% North_1"]), ("_", ["100% North_1"]), ("\\", ["100% North_1"]), ("h%s", []),
        ("'", []), ("\0", []),
      ] as [(String, [String])] {
        #expect(try await plant.siteNames { $0.search = [term] } == names, "\(term)")
      }
      #expect(try await plant.siteNames { $0.search = ["acme", "main"] } == ["100% North_1"])
      #expect(
        try await plant.siteNames {
          $0.company = "Acme"; $0.sector = "Health"
        }.count == 1)
      #expect(try await plant.siteNames { $0.timezone = "UTC" } == [])
      #expect(try await plant.siteNames { $0.subsector = "x" } == [])
      let descending = [OrderTerm<SiteQuery.Order>(.company, isDescending: true), OrderTerm(.id)]
      #expect(
        try await plant.siteNames { $0.order = descending } == ["100% North_1", "North", "Site"])

      #expect(try await plant.tags { _ in } == ["AHU-1", "AHU-2", "CH-001"])
      #expect(try await plant.tags { $0.site = 2 } == ["AHU-1", "AHU-2"])
      #expect(try await plant.tags { $0.type = .chiller } == ["CH-001"])
      #expect(try await plant.tags { $0.status = .said(.alert) } == ["AHU-1"])
      #expect(try await plant.tags { $0.manufacturer = "KSB" } == ["AHU-2"])
      #expect(try await plant.tags { $0.search = ["air", "x2"] } == ["AHU-2"])
      for field in AssetQuery.Order.allCases {
        #expect(
          try await plant.tags { $0.order = [OrderTerm(field, isDescending: true)] }.count == 3)
      }
      await #expect(throws: CatalogueError.unknownReference(field: "site")) {
        try await plant.tags { $0.site = 99 }
      }

      #expect(try await plant.clientIDs { _ in } == ["ESP32-01", "ESP32-02"])
      #expect(try await plant.clientIDs { $0.asset = 2 } == [])
      #expect(
        try await plant.clientIDs {
          $0.site = 1; $0.search = ["02"]
        } == ["ESP32-02"])
      #expect(try await plant.clientIDs { $0.type = .gateway } == [])
      for field in DeviceQuery.Order.allCases {
        #expect(try await plant.clientIDs { $0.order = [OrderTerm(field)] }.count == 2)
      }
      for edit in [{ $0.asset = 9 }, { $0.site = 9 }] as [@Sendable (inout DeviceQuery) -> Void] {
        await #expect(throws: CatalogueError.self) { try await plant.clientIDs(edit) }
      }

      #expect(try await plant.sensorIDs { _ in } == [1, 4, 2, 5, 3, 6])
      #expect(try await plant.sensorIDs { $0.device = 2 } == [4, 5, 6])
      #expect(
        try await plant.sensorIDs {
          $0.asset = 1; $0.metric = .supplyTemperature
        } == [1, 4])
      #expect(try await plant.sensorIDs { $0.devices = [] } == [])
      #expect(
        try await plant.sensorIDs {
          $0.assets = [1]; $0.search = ["two", "003"]
        } == [6])
      #expect(try await plant.sensorIDs { $0.unit = "bar" } == [])
      for field in SensorQuery.Order.allCases {
        #expect(try await plant.sensorIDs { $0.order = [OrderTerm(field)] }.count == 6)
      }
      await #expect(throws: CatalogueError.unknownReference(field: "device")) {
        try await plant.sensorIDs { $0.device = 9 }
      }

      var pages: [[Int64]] = []
      for number in 1...4 {
        let page = try await database.sensors.sensors(
          SensorQuery(), PageRequest(number: number, size: 2), of: plant.tenant)
        #expect(page.count == 6)
        pages.append(page.items.map(\.id))
      }
      #expect(pages == [[1, 4], [2, 5], [3, 6], []])
    }
  }

  @Test("a list costs as many statements for many rows as for few")
  func statements() async throws {
    try await withDatabase(limits: .one) { database throws in
      let plant = try await Plant.make("t", in: database)
      func cost() async throws -> [Int64] {
        var costs: [Int64] = []
        let page = PageRequest(size: 500)
        for list in 0..<6 {
          let before = try await executed(database)
          switch list {
          case 0: _ = try await database.sites.sites(SiteQuery(), page, of: plant.tenant)
          case 1: _ = try await database.assets.assets(AssetQuery(), page, of: plant.tenant)
          case 2: _ = try await database.devices.devices(DeviceQuery(), page, of: plant.tenant)
          case 3: _ = try await database.sensors.sensors(SensorQuery(), page, of: plant.tenant)
          case 4: _ = try await database.sites.stats(ofSite: 1, of: plant.tenant)
          default: _ = try await database.sensors.sensor(1, of: plant.tenant)
          }
          costs.append(try await executed(database) - before)
        }
        return costs
      }
      _ = try await cost()
      let few = try await cost()
      try await plant.run(
        """
        INSERT INTO §assets_site (name) SELECT 'S' || n FROM generate_series(1, 300) n;
        INSERT INTO §assets_asset (site_id, tag, asset_type)
          SELECT 1 + n % 300, 'A' || n, 'AHU' FROM generate_series(1, 300) n;
        INSERT INTO §assets_device (asset_id, mqtt_client_id, name, serial_number)
          SELECT 1 + n % 300, 'D' || n, 'd', 'd' || n FROM generate_series(1, 300) n;
        INSERT INTO §assets_sensor (device_id, tag, metric_type, unit)
          SELECT 1 + n % 300, 'S' || n, 'cop', '1' FROM generate_series(1, 300) n;
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          SELECT id, 1, now() FROM §assets_sensor;
        INSERT INTO §telemetry_statushistory (sensor_id, since, is_online)
          SELECT id, now() - n * interval '1 hour', n % 2 = 0
          FROM §assets_sensor, generate_series(1, 5) n;
        """)
      // Two statements for each list, five for the figures, one for a sensor; and the one that counts.
      #expect(few == [3, 3, 3, 3, 6, 2])
      #expect(try await cost() == few)
    }
  }

  /// Prepared statements run so far in the only session.
  private func executed(_ database: TestDatabase) async throws -> Int64 {
    try #require(
      try await database.integer(
        "SELECT sum(generic_plans + custom_plans)::bigint FROM pg_catalog.pg_prepared_statements"))
  }

  @Test("a site's figures are those of what stands there and is not archived")
  func stats() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await plant.run(
        """
        INSERT INTO §assets_asset (site_id, tag, asset_type, status, is_active)
          VALUES (1, 'A', 'AHU', 'ALERT', true), (1, 'B', 'AHU', 'ALERT', false);
        INSERT INTO §ingest_devicestatus (device_id, last_seen) VALUES (1, now()), (2, now() - interval '1 h');
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          VALUES (1, 1, now()), (2, 2, now() - interval '1 h');
        UPDATE §assets_sensor SET is_active = false WHERE id = 6;
        """)
      let stats = try await database.sites.stats(ofSite: 1, of: plant.tenant)
      #expect(stats.assets == 2)
      #expect(stats.assetsByStatus == ["OK": 1, "ALERT": 1])
      #expect(stats.assetsByType == ["CHILLER": 1, "AHU": 1])
      #expect([stats.devices, stats.onlineDevices] == [2, 1])
      #expect([stats.sensors, stats.onlineSensors] == [5, 1])
      let site = try await database.sites.site(1, of: plant.tenant)
      #expect(site.assets == 2)
      let asset = try await database.assets.asset(1, of: plant.tenant)
      #expect(
        [asset.devices, asset.onlineDevices, asset.sensors, asset.onlineSensors] == [2, 1, 5, 1])
      await #expect(throws: CatalogueError.notFound) {
        try await database.sites.stats(ofSite: 9, of: plant.tenant)
      }
    }
  }

  @Test("presence comes from measurements and each device's own time; what people say goes first")
  func presence() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await plant.run(
        """
        INSERT INTO §ingest_devicestatus (device_id, last_seen)
          VALUES (1, now() - interval '200 s'), (2, now() - interval '200 s');
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          SELECT id, 1, now() - interval '200 s' FROM §assets_sensor;
        UPDATE §assets_device SET offline_after_seconds = 100 WHERE id = 2;
        """)
      #expect(try await plant.clientIDs { $0.isOnline = true } == ["ESP32-01"])
      #expect(try await plant.clientIDs { $0.isOnline = false } == ["ESP32-02"])
      #expect(try await plant.sensorIDs { $0.isOnline = true } == [1, 2, 3])
      #expect(try await plant.sensorIDs { $0.isOnline = false } == [4, 5, 6])
      #expect(try await plant.clientIDs { $0.status = .shown(.online) } == ["ESP32-01"])
      #expect(try await plant.clientIDs { $0.status = .warning } == [])
      #expect(try await plant.tags { $0.status = .measured(.online) } == ["CH-001"])
      #expect(try await plant.tags { $0.status = .measured(.offline) } == [])
      #expect(try await plant.tags { $0.status = .measured(.warning) } == [])
      try await plant.run("DELETE FROM §ingest_sensorstatus WHERE sensor_id = 3")
      #expect(try await plant.clientIDs { $0.status = .warning } == ["ESP32-01"])
      #expect(try await plant.tags { $0.status = .measured(.warning) } == ["CH-001"])
      #expect(try await database.devices.device(1, of: plant.tenant).connectivity == .warning)
      #expect(try await database.devices.device(2, of: plant.tenant).connectivity == .offline)

      var changes = DeviceChanges()
      changes.status = .maintenance
      var device = try await database.devices.changeDevice(1, changes, of: plant.tenant)
      #expect(device.status == "MAINTENANCE" && device.isOnline && device.onlineSensors == 2)
      #expect(try await plant.clientIDs { $0.status = .shown(.online) } == [])
      changes.status = .offline
      device = try await database.devices.changeDevice(1, changes, of: plant.tenant)
      #expect(device.status == "ONLINE")
    }
  }

  @Test(
    "a sensor warns while its newest value is beyond a threshold, and no longer than it is online")
  func warnings() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await plant.run(
        """
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          SELECT id, 20, now() FROM §assets_sensor WHERE id < 6;
        UPDATE §ingest_sensorstatus SET last_timestamp = now() - interval '1 h' WHERE sensor_id = 5;
        """)
      let cases: [(String, Connectivity)] = [
        ("{}", .online), (#"{"setpoint": 5}"#, .online),
        (#"{"warning_low": 20, "warning_high": 20}"#, .online),
        (#"{"warning_low": 20.5}"#, .warning), (#"{"critical_low": 20.5}"#, .warning),
        (#"{"warning_high": 19.5}"#, .warning), (#"{"critical_high": 19.5}"#, .warning),
        (#"{"warning_low": null, "critical_high": 21}"#, .online),
        (
          #"{"critical_low": 1, "warning_low": 2, "warning_high": 30, "critical_high": 40}"#,
          .online
        ),
      ]
      for (thresholds, expected) in cases {
        try await plant.run("UPDATE §assets_sensor SET thresholds = '\(thresholds)'")
        let sensor = try await database.sensors.sensor(1, of: plant.tenant)
        #expect(sensor.connectivity == expected, "\(thresholds)")
        #expect(
          try await plant.sensorIDs { $0.status = expected } == [1, 4, 2, 3], "\(thresholds)")
        #expect(try await plant.sensorIDs { $0.status = .offline } == [5, 6], "\(thresholds)")
        #expect(try await plant.sensorIDs { $0.isOnline = true } == [1, 4, 2, 3])
      }
      let state = try await PostgresTelemetryQueries(pool: database.pool).state(
        of: Plant.device, statisticsSince: noon, tenant: plant.tenant)
      #expect(state?.sensors.map(\.isBeyondThresholds) == [false, false, false])
      try await plant.run(#"UPDATE §assets_sensor SET thresholds = '{"warning_low": 21}'"#)
      let warned = try await PostgresTelemetryQueries(pool: database.pool).state(
        of: Plant.device, statisticsSince: noon, tenant: plant.tenant)
      #expect(warned?.sensors.map(\.isBeyondThresholds) == [true, true, true])
    }
  }

  @Test("a heartbeat is seen, unless the device was seen later or is archived")
  func heartbeat() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let old = try await database.devices.markSeen(device: 1, at: noon, of: plant.tenant)
      #expect(old == DevicePresence(status: "OFFLINE", lastSeen: noon, isOnline: false))
      let earlier = try await database.devices.markSeen(device: 1, at: noon + -1, of: plant.tenant)
      #expect(earlier.lastSeen == noon)
      let later = try await database.devices.markSeen(device: 1, at: noon + 1, of: plant.tenant)
      #expect(later.lastSeen == noon + 1)
      _ = try await database.devices.setActive(false, device: 2, of: plant.tenant)
      for device: Int64 in [2, 9] {
        await #expect(throws: CatalogueError.notFound) {
          try await database.devices.markSeen(device: device, at: noon, of: plant.tenant)
        }
      }
      #expect(try await plant.count("ingest_devicestatus") == 1)
      // What belongs to an asset as a whole is without what archived devices measure.
      #expect(try await plant.sensorIDs { $0.assets = [1] } == [1, 2, 3])
      #expect(try await plant.sensorIDs { $0.asset = 1 } == [1, 4, 2, 5, 3, 6])
    }
  }
}
