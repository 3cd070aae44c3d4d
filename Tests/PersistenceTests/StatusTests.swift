// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("When sensors came and went", .timeLimit(.minutes(5)))
struct StatusTests {
  private func changes(
    _ plant: Plant, _ sensor: Int, until end: Int
  ) async throws -> [String] {
    try #require(
      try await PostgresTelemetryQueries(pool: plant.database.pool).statusChanges(
        of: [plant.keys[sensor]], in: noon + -1_000_000..<noon + end, limit: 100,
        tenant: plant.tenant)
    ).map { "\($0.isOnline ? "on" : "off") \($0.since.since(noon).components.seconds)" }
  }

  private func deviceChanges(_ plant: Plant, until end: Int) async throws -> [StatusChange] {
    try #require(
      try await PostgresTelemetryQueries(pool: plant.database.pool).statusChanges(
        ofDevice: 1, in: noon + -1_000_000..<noon + end, limit: 100, tenant: plant.tenant))
  }

  private func intervals(_ plant: Plant, until end: Int) async throws -> [String] {
    let range = noon + -1_000_000..<noon + end
    return StatusInterval.intervals(of: try await deviceChanges(plant, until: end), over: range)
      .map {
        "\($0.isOnline ? "on" : "off") \($0.range.lowerBound.since(noon).components.seconds)"
      }
  }

  private func beat(_ plant: Plant, _ offset: Int) async throws {
    _ = try await plant.database.devices.markSeen(device: 1, at: noon + offset, of: plant.tenant)
  }

  private func commit(_ plant: Plant, _ sensor: Int, _ offsets: [Int]) async throws {
    _ = try await plant.database.store.commit(
      plant.batch(offsets.map { plant.reading(sensor, 1, at: noon + $0) }))
  }

  private func run(_ plant: Plant, at offset: Int) async throws -> JobTurn {
    let now = noon + offset
    return try await StatusJob(pool: plant.database.pool, clock: WallClock { now })
      .run(for: plant.tenant)
  }

  @Test(
    "what is written down is what the readings say, however late the job runs",
    arguments: [60, 4_000])
  func late(step: Int) async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      // Timeout 300 s: gaps of exactly 300 s, of 301 s, and a long one.
      let offsets = [0, 60, 360, 661, 700, 2_000, 2_001]
      try await commit(plant, 0, [0])
      _ = try await run(plant, at: 1)
      var sent = 1
      for now in stride(from: step, through: 4_000, by: step) {
        let due = offsets[sent...].filter { $0 <= now }
        if !due.isEmpty { try await commit(plant, 0, due) }
        sent += due.count
        _ = try await run(plant, at: now)
      }
      #expect(
        try await changes(plant, 0, until: 4_000) == [
          "on 0", "off 660", "on 661", "off 1000", "on 2000", "off 2301",
        ])
      #expect(try await run(plant, at: 4_001) == JobTurn())
    }
  }

  @Test("each device has its own timeout, and no sensor another's history")
  func timeouts() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await database.run("UPDATE t.assets_device SET offline_after_seconds = 30")
      try await commit(plant, 0, [0, 30, 61])
      try await commit(plant, 1, [0])
      // The first to fall silent, if nothing comes, is the sensor of 61.
      #expect(try await run(plant, at: 62).nextWithin == .seconds(29))
      // Seen for the first time: nothing is claimed about before.
      #expect(try await changes(plant, 0, until: 62) == ["on 61"])
      #expect(try await changes(plant, 1, until: 62) == ["on 0", "off 30"])
      #expect(try await changes(plant, 2, until: 62) == [])
      try await commit(plant, 1, [100])
      try await commit(plant, 0, [50])
      #expect(try await run(plant, at: 101).nextWithin == .seconds(29))
      #expect(try await run(plant, at: 130).nextWithin == nil)
      #expect(try await changes(plant, 0, until: 101) == ["on 61", "off 91"])
      #expect(try await changes(plant, 1, until: 101) == ["on 0", "off 30", "on 100"])
    }
  }

  @Test("a turn looks at a bounded number of sensors")
  func bounded() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      for sensor in 0..<3 { try await commit(plant, sensor, [0]) }
      let job = StatusJob(pool: database.pool, clock: WallClock { noon + 1 }, sensorsPerTurn: 2)
      #expect(
        try await job.run(for: plant.tenant) == JobTurn(counts: ["changes": 2], hasMore: true))
      // All of them are offline by the database's clock.
      #expect(
        try await job.run(for: plant.tenant)
          == JobTurn(counts: ["changes": 1, "health_scores": 1], nextWithin: .seconds(299)))
    }
  }

  @Test("what was before a range is known from the last change before it")
  func before() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await commit(plant, 0, [0])
      _ = try await run(plant, at: 1)
      _ = try await run(plant, at: 400)
      let queries = PostgresTelemetryQueries(pool: database.pool)
      let range = noon + 200..<noon + 400
      let found = try #require(
        try await queries.statusChanges(of: plant.keys, in: range, limit: 2, tenant: plant.tenant))
      #expect(found.map(\.isOnline) == [true, false])
      #expect(Availability.share(of: found, over: range) == 0.5)
      #expect(
        try await queries.statusChanges(
          of: plant.keys, in: noon + 500..<noon + 600, limit: 1, tenant: plant.tenant
        )?.map(\.isOnline) == [false])
      #expect(
        try await queries.statusChanges(of: plant.keys, in: range, limit: 1, tenant: plant.tenant)
          == nil)
    }
  }

  @Test("what the job has not seen yet is known from the newest reading")
  func unseen() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await commit(plant, 0, [0, 60])
      #expect(try await changes(plant, 0, until: 100) == ["on 60"])
      #expect(try await changes(plant, 0, until: 360) == ["on 60"])
      #expect(try await changes(plant, 0, until: 361) == ["on 60", "off 360"])
      _ = try await run(plant, at: 100)
      _ = try await run(plant, at: 400)
      try await commit(plant, 0, [900])
      #expect(try await changes(plant, 0, until: 901) == ["on 60", "off 360", "on 900"])
      _ = try await run(plant, at: 901)
      #expect(
        try await changes(plant, 0, until: 1_201) == ["on 60", "off 360", "on 900", "off 1200"])
    }
  }

  @Test("a device is online while it sends heartbeats, whatever its sensors measure")
  func heartbeats() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await beat(plant, 0)
      #expect(try await intervals(plant, until: 301) == ["on 0", "off 300"])
      // Gaps of exactly 300 s, and of 301 s; one that is late changes nothing.
      for offset in [300, 60, 601] { try await beat(plant, offset) }
      #expect(try await intervals(plant, until: 900) == ["on 0", "off 600", "on 601"])
      try await commit(plant, 0, [700])
      // Older than what was seen last, newer than the last heartbeat.
      try await beat(plant, 650)
      #expect(
        try await intervals(plant, until: 2_000) == ["on 0", "off 600", "on 601", "off 1000"])
      _ = try await run(plant, at: 2_000)
      try await commit(plant, 1, [2_000])
      try await beat(plant, 3_000)
      _ = try await run(plant, at: 3_001)
      let story = [
        "on 0", "off 600", "on 601", "off 1000", "on 2000", "off 2300", "on 3000",
      ]
      #expect(try await intervals(plant, until: 3_001) == story)
      #expect(try await changes(plant, 0, until: 3_001) == ["on 700", "off 1000"])
      // What was seen stays seen: archived sensors and other timeouts do not change the past.
      _ = try await database.sensors.setActive(
        false, sensor: plant.keys[1], of: plant.tenant)
      #expect(try await intervals(plant, until: 3_001) == story)
      try await database.run("UPDATE t.assets_device SET offline_after_seconds = 10")
      #expect(
        try await deviceChanges(plant, until: 3_011).filter { $0.sensorKey == nil }
          .map { Int($0.since.since(noon).components.seconds) } == [0, 600, 601, 950, 3_000, 3_010])
      #expect(try await plant.count("telemetry_heartbeathistory") == 5)
    }
  }

  @Test(
    "connectivity, history and availability say the same of a device that only sends heartbeats")
  func sameStory() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let microseconds = try #require(
        try await database.integer("SELECT (extract(epoch FROM now()) * 1000000)::bigint"))
      let now = Timestamp(microseconds: microseconds)
      let devices = database.devices
      for minutes in [120, 118, 114, 2, 0] {
        _ = try await devices.markSeen(
          device: 1, at: now.advanced(by: .seconds(-60 * minutes)), of: plant.tenant)
      }
      let device = try await devices.device(1, of: plant.tenant)
      #expect(device.isOnline && device.connectivity == .warning && device.onlineSensors == 0)
      // From 120 to 109 minutes ago, and the last 2.
      #expect(abs(try #require(device.availability) - 100 * 13 / 120) < 0.1)
      let other = try await devices.device(2, of: plant.tenant)
      #expect(!other.isOnline && other.availability == nil)
      let site = try await database.sites.stats(ofSite: 1, of: plant.tenant)
      #expect(abs(try #require(site.deviceAvailability) - 10.8) < 0.11)
    }
  }

  @Test("what was seen of a device in earlier releases and not measured was a heartbeat")
  func earlierHeartbeats() async throws {
    try await withDatabase { database throws in
      let before = Migrator(
        pool: database.pool, timescale: .never, clock: WallClock { noon },
        publicMigrations: Migration.forPublic,
        tenantMigrations: Array(Migration.forTenants.prefix(7)))
      let tenant = try await TenantProvisioner(migrator: before).create(
        NewTenant(slug: try #require(TenantSlug("t")), name: "T", domains: []))
      try await database.run(
        """
        INSERT INTO t.assets_site (name) VALUES ('S');
        INSERT INTO t.assets_asset (site_id, tag, asset_type) VALUES (1, 'A', 'AHU');
        INSERT INTO t.assets_device (asset_id, mqtt_client_id, name, serial_number)
          SELECT 1, n, n, n FROM generate_series(1, 3) n;
        INSERT INTO t.assets_sensor (device_id, tag, metric_type, unit)
          SELECT n, 's', 'cop', '1' FROM generate_series(1, 2) n;
        INSERT INTO t.ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          SELECT n, 1, '2025-06-15 12:00Z' FROM generate_series(1, 2) n;
        INSERT INTO t.ingest_devicestatus (device_id, last_seen) VALUES
          (1, '2025-06-15 12:00Z'), (2, '2025-06-15 12:01Z'), (3, '2025-06-15 12:01Z');
        """)
      #expect(try await database.migrator.migrate().migrated == ["t"])
      let plant = Plant(tenant: tenant, database: database, sensors: [])
      #expect(
        try await plant.count(
          "ingest_devicestatus", where: "(last_heartbeat IS NOT NULL) = (device_id > 1)") == 3)
    }
  }

  @Test("a device that is given more time is online again from its next reading on")
  func longerTimeout() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await commit(plant, 0, [0])
      _ = try await run(plant, at: 1)
      _ = try await run(plant, at: 400)
      try await database.run("UPDATE t.assets_device SET offline_after_seconds = 3600")
      try await commit(plant, 0, [500, 600])
      _ = try await run(plant, at: 601)
      #expect(try await changes(plant, 0, until: 601) == ["on 0", "off 300", "on 500"])
    }
  }
}
