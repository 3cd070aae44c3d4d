// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("What deleting takes along", .timeLimit(.minutes(5)))
struct DeletionTests {
  /// Tables with a row for a sensor, by its key.
  private static let tables = [
    "telemetry_readings", "telemetry_5m", "telemetry_hourly", "telemetry_daily",
    "ingest_sensorstatus", "telemetry_sensorstate", "telemetry_statushistory",
    "telemetry_warninghistory", "telemetry_formerthresholds",
  ]

  private func orphans(_ plant: Plant) async throws -> [String] {
    var found: [String] = []
    for table in Self.tables {
      let count = try await plant.count(
        table, where: "sensor_id NOT IN (SELECT id FROM t.assets_sensor)")
      if count != 0 { found.append(table) }
    }
    for table in ["ingest_devicestatus", "telemetry_heartbeathistory"] {
      let count = try await plant.count(
        table, where: "device_id NOT IN (SELECT id FROM t.assets_device)")
      if count != 0 { found.append(table) }
    }
    return found
  }

  @Test("a sensor without readings leaves nothing behind, and neither does its device")
  func nothingLeft() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await plant.run(
        """
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          SELECT id, 1, now() FROM §assets_sensor;
        INSERT INTO §telemetry_warninghistory SELECT id, now(), true FROM §assets_sensor;
        INSERT INTO §telemetry_formerthresholds SELECT id, now(), '{}' FROM §assets_sensor;
        """)
      let job = StatusJob(pool: database.pool, clock: WallClock { noon })
      #expect(try await job.run(for: plant.tenant).counts["changes"] == 6)
      _ = try await database.devices.markSeen(device: 1, at: noon, of: plant.tenant)
      for sensor in 1...3 {
        try await database.sensors.deleteSensor(Int64(sensor), of: plant.tenant)
      }
      #expect(try await orphans(plant) == [])
      #expect(try await plant.count("telemetry_statushistory") == 3)
      try await database.devices.deleteDevice(1, of: plant.tenant)
      #expect(try await orphans(plant) == [])
    }
  }

  @Test(
    "a sensor whose readings only their sums are left of is in use", arguments: StorageKind.allCases
  )
  func sums(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      _ = try await database.store.commit(
        plant.batch((0..<7).map { plant.reading(0, 1, at: noon + 60 * $0) }))
      let later = noon + 86_400
      _ = try await RollupJob(pool: database.pool, clock: WallClock { later }).run(
        for: plant.tenant)
      if storage == .partitions { try await plant.run("DELETE FROM §telemetry_readings") }
      await #expect(throws: CatalogueError.inUse([.init("readings", 7)])) {
        try await database.sensors.deleteSensor(1, of: plant.tenant)
      }
      try await database.sensors.deleteSensor(2, of: plant.tenant)
    }
  }

  @Test(
    "deleting waits for readings that are being written, and then sees them",
    arguments: StorageKind.allCases)
  func waits(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      // The months are made before.
      _ = try await database.store.commit(plant.batch([plant.reading(1, 1, at: noon)]))
      let writing = Task {
        try await database.run(
          """
          BEGIN; INSERT INTO t.telemetry_readings VALUES (1, '2025-06-15 12:00:01Z', 1, '°C');
          SELECT pg_sleep(1) AS slow_writer; COMMIT;
          """)
      }
      try await waitForStatement("slow_writer", in: database)
      await #expect(throws: CatalogueError.inUse([.init("readings", 1)])) {
        try await database.sensors.deleteSensor(1, of: plant.tenant)
      }
      try await writing.value
    }
  }

  @Test(
    "readings that come while their sensor is being deleted are refused, and none of their batch is stored"
  )
  func outdated() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      _ = try await database.store.commit(plant.batch([plant.reading(1, 1, at: noon)]))
      let deleting = Task {
        try await database.run(
          """
          BEGIN; SELECT id FROM t.assets_sensor WHERE id = 1 FOR UPDATE;
          LOCK TABLE ONLY t.telemetry_readings IN SHARE MODE;
          SELECT pg_sleep(1) AS slow_delete; DELETE FROM t.assets_sensor WHERE id = 1; COMMIT;
          """)
      }
      try await waitForStatement("slow_delete", in: database)
      await #expect(throws: StoreError.outdated) {
        try await database.store.commit(
          plant.batch([plant.reading(0, 1, at: noon + 1), plant.reading(1, 1, at: noon + 1)]))
      }
      try await deleting.value
      #expect(try await plant.count("telemetry_readings") == 1)
      #expect(try await plant.ledger("received") == 1)
      #expect(try await orphans(plant) == [])
    }
  }

  @Test(
    "of a reading, a heartbeat, a job and a deletion at once nothing is orphaned",
    arguments: StorageKind.allCases)
  func race(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      let tenant = plant.tenant
      _ = try await database.store.commit(plant.batch([plant.reading(0, 1, at: noon)]))
      let job = StatusJob(pool: database.pool, clock: WallClock { noon + 10 })
      var (stored, deleted) = (0, 0)
      for round in 0..<40 {
        let device = try await database.devices.createDevice(
          DeviceChanges("D-\(round)"), of: tenant)
        let id = try await database.sensors.createSensor(
          SensorChanges("s", device: device.id), of: tenant
        ).id
        let name = try #require(DeviceID("D-\(round)"))
        let sensor = try #require(
          try await database.catalogue.sensors(
            matching: SensorFilter(devices: [name]), of: tenant
          ).first)
        let batch = plant.batch([
          ValidReading(sensor: sensor, value: 1, timestamp: noon + 1)
        ])
        async let written = Result {
          () async throws(StoreError) in try await database.store.commit(batch)
        }
        async let gone = Result { () async throws(CatalogueError) in
          try await database.sensors.deleteSensor(id, of: tenant)
          try await database.devices.deleteDevice(device.id, of: tenant)
        }
        async let seen = Result { () async throws(CatalogueError) in
          try await database.devices.markSeen(device: device.id, at: noon, of: tenant)
        }
        async let looked = Result { () async throws(StoreError) in try await job.run(for: tenant) }
        _ = try await looked.get()
        switch (await written, await gone) {
        case (.success, .failure(.inUse)): stored += 1
        case (.failure(.outdated), .success): deleted += 1
        case (let written, let gone): Issue.record("\(written), \(gone)")
        }
        if case .failure(let error) = await seen, error != .notFound { throw error }
        #expect(try await orphans(plant) == [])
      }
      print("deletions against readings: \(stored) stored, \(deleted) deleted")
    }
  }

  @Test(
    "what deleted sensors left behind in earlier releases goes with the migration",
    arguments: StorageKind.allCases)
  func migration(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let before = Migrator(
        pool: database.pool, timescale: storage.timescale, clock: WallClock { noon },
        publicMigrations: Migration.forPublic,
        tenantMigrations: Array(Migration.forTenants.prefix(6)))
      let tenant = try await TenantProvisioner(migrator: before).create(
        NewTenant(slug: try #require(TenantSlug("t")), name: "T", domains: []))
      try await database.run(
        """
        INSERT INTO t.assets_site (name) VALUES ('S');
        INSERT INTO t.assets_asset (site_id, tag, asset_type) VALUES (1, 'A', 'AHU');
        INSERT INTO t.assets_device (asset_id, mqtt_client_id, name, serial_number)
          VALUES (1, 'D', 'D', 'D');
        INSERT INTO t.assets_sensor (device_id, tag, metric_type, unit) VALUES (1, 's', 'cop', '1');
        INSERT INTO t.ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          VALUES (1, 1, now()), (9, 1, now());
        INSERT INTO t.ingest_devicestatus (device_id, last_seen) VALUES (1, now()), (9, now());
        INSERT INTO t.telemetry_sensorstate VALUES (1, true, now()), (9, true, now());
        INSERT INTO t.telemetry_statushistory VALUES (1, now(), true), (9, now(), true);
        """)
      if storage == .partitions {
        for table in ["telemetry_5m", "telemetry_hourly", "telemetry_daily"] {
          try await database.run(
            "INSERT INTO t.\(table) VALUES (1, now(), 1, 1, 1, 1, 1), (9, now(), 1, 1, 1, 1, 1)")
        }
      }
      #expect(try await database.migrator.migrate().migrated == ["t"])
      let plant = Plant(tenant: tenant, database: database, sensors: [])
      #expect(try await orphans(plant) == [])
      #expect(try await plant.count("ingest_sensorstatus") == 1)
      #expect(try await plant.count("telemetry_statushistory") == 1)
      #expect(try await plant.count("ingest_devicestatus") == 1)
    }
  }
}

extension Result where Failure: Sendable, Success: Sendable {
  /// What an asynchronous function returns or throws.
  fileprivate init(_ body: () async throws(Failure) -> Success) async {
    do throws(Failure) {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
