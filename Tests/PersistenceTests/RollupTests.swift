// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("Rollups", .timeLimit(.minutes(5)))
struct RollupTests {
  @Test(
    "history equals a recomputation from all readings before, between and after rollups, with late ones",
    arguments: StorageKind.allCases)
  func property(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      var generator = SeededGenerator(seed: 20_261_123)
      // Up to two hours after noon: some hours are not over when the job runs.
      var rest = HistoryTests.readings(plant, &generator).shuffled(using: &generator)
      var known: [ValidReading] = []
      let job = database.rollups(hoursPerTurn: 200, now: noon + 3_700)
      for round in 0..<10 {
        let batch = Array(rest.prefix(150))
        rest.removeFirst(batch.count)
        known += batch
        _ = try await database.store.commit(plant.batch(batch))
        try await Self.compare(plant, known, &generator, "round \(round), before")
        _ = try await job.run(for: plant.tenant)
        try await Self.compare(plant, known, &generator, "round \(round), after")
      }
      while try await job.run(for: plant.tenant).hasMore {}
      try await Self.compare(plant, known, &generator, "at the end")
      #expect(
        try await plant.count(
          "telemetry_dirty_hours", where: "hour < '2025-06-15T13:00:00Z'") == 0)
      #expect(try await plant.count("telemetry_dirty_hours") != 0)
      try await Self.compareTables(plant, before: "2025-06-15T13:00:00Z")
    }
  }

  @Test(
    "readings that are committed while the rollups are made are in the answers, at any time",
    arguments: StorageKind.allCases)
  func concurrent(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      let job = database.rollups(hoursPerTurn: 3, now: noon + 86_400)
      let query = HistoryQuery(
        sensors: plant.keys, from: noon + -86_400, to: noon + 86_400,
        resolution: .buckets(microseconds: 86_400_000_000))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for committer in 0..<3 {
          group.addTask {
            var generator = SeededGenerator(seed: UInt64(committer))
            for number in 0..<40 {
              let readings = (0..<5).map { part in
                plant.reading(
                  committer, Double(part),
                  at: noon + Int.random(in: -7_200..<7_200, using: &generator) * 5 + part
                )
              }
              _ = try await database.store.commit(plant.batch(readings))
              if number.isMultiple(of: 4) { _ = try await job.run(for: plant.tenant) }
              // What was committed before a question is in its answer.
              let least = try await plant.count("telemetry_readings") ?? 0
              let page = try await database.store.history(query, after: nil, in: plant.tenant)
              #expect(page.points.reduce(0) { $0 + $1.count } >= least)
            }
          }
        }
        try await group.waitForAll()
      }
      while try await job.run(for: plant.tenant).hasMore {}
      #expect(try await plant.count("telemetry_dirty_hours") == 0)
      try await Self.compareTables(plant, before: "2026-01-01T00:00:00Z")
    }
  }

  @Test(
    "a second look takes one round trip, and is right when what was known has changed meanwhile",
    arguments: StorageKind.allCases)
  func guesses(storage: StorageKind) async throws {
    try await withDatabase(storage, limits: .one) { database throws in
      let plant = try await Plant.make("t", in: database)
      let job = database.rollups(hoursPerTurn: 200, now: noon + 7_200)
      let query = HistoryQuery(
        sensors: plant.keys, from: noon + -86_400, to: noon + 86_400,
        resolution: .buckets(microseconds: 3_600_000_000))
      var known: [ValidReading] = []
      /// - Returns: round trips.
      func look() async throws -> Int {
        let before = try await database.roundTrips
        let page = try await database.store.history(query, after: nil, in: plant.tenant)
        #expect(
          HistoryTests.areEqual(page.points, HistoryTests.recompute(query, from: known)),
          "after \(known.count) readings")
        return try await database.roundTrips - before
      }
      #expect(try await look() == 2, "nothing is known yet")
      #expect(try await look() == 1)
      for hour in 0..<4 {
        known += (0..<9).map {
          plant.reading($0 % 3, Double($0 * hour), at: noon + hour * 3_600 + $0)
        }
        _ = try await database.store.commit(plant.batch(known.suffix(9)))
        _ = try await look()
        #expect(try await look() == 1)
        _ = try await job.run(for: plant.tenant)
        _ = try await look()
        #expect(try await look() == 1)
      }
    }
  }

  @Test(
    "empty years between readings are skipped, before and after these are rolled up",
    arguments: StorageKind.allCases)
  func sparse(storage: StorageKind) async throws {
    try await withDatabase(storage, limits: .one) { database throws in
      let plant = try await Plant.make("t", in: database)
      let job = database.rollups(hoursPerTurn: 200, now: noon + 86_400)
      var known = (0..<5).map { plant.reading($0 % 3, Double($0), at: noon + -$0 * 200 * 86_400) }
      known += (0..<900).map { plant.reading($0 % 3, Double($0 % 7), at: noon + -40_000 + $0 * 40) }
      known.append(plant.reading(0, 8, at: noon + 1))
      _ = try await database.store.commit(plant.batch(known))
      for isRolledUp in [false, true] {
        if isRolledUp { while try await job.run(for: plant.tenant).hasMore {} }
        for width in [60, 300, 3_600, 86_400].map({ Int64($0) * 1_000_000 }) {
          let query = HistoryQuery(
            sensors: plant.keys, from: noon + -1_825 * 86_400, to: noon + 86_400,
            resolution: .buckets(microseconds: width), pageSize: 100)
          let before = try await database.roundTrips
          var points: [HistoryPoint] = []
          var position: HistoryPosition?
          var pages = 0
          repeat {
            let page = try await database.store.history(query, after: position, in: plant.tenant)
            points += page.points
            position = page.next
            pages += 1
          } while position != nil && pages < 100
          #expect(HistoryTests.areEqual(points, HistoryTests.recompute(query, from: known)))
          let trips = try await database.roundTrips - before
          #expect(trips <= 30 + 6 * pages, "\(width), \(pages) pages: \(trips) round trips")
        }
      }
    }
  }

  @Test("the largest values that are let in can be summed up", arguments: StorageKind.allCases)
  func largeValues(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      let largest = ReadingRules().maxMagnitude
      _ = try await database.store.commit(
        plant.batch((0..<100).map { plant.reading(0, largest, at: noon + $0) }))
      _ = try await database.rollups(hoursPerTurn: 1, now: noon + 3_600).run(for: plant.tenant)
      let state = try await PostgresTelemetryQueries(pool: database.pool).state(
        of: Plant.device, statisticsSince: noon, tenant: plant.tenant)
      #expect(state?.sensors.first?.totals?.maximum == largest)
      let query = HistoryQuery(
        sensors: plant.keys, from: noon, to: noon + 3_600,
        resolution: .buckets(microseconds: 3_600_000_000))
      let page = try await database.store.history(query, after: nil, in: plant.tenant)
      #expect(page.points.map(\.count) == [100])
    }
  }

  @Test("one node at a time works on a tenant; the others are told so")
  func locked() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let other = try await Plant.make("u", in: database)
      let job = database.rollups(hoursPerTurn: 1, now: noon)
      let schema = try TenantSchema(plant.tenant)
      let blocker = Task {
        try await database.pool.withUpkeepLock(on: schema, timeout: .seconds(60)) {
          connection throws(PostgresError) in
          try connection.run(script: "SELECT pg_sleep(30) AS blocker")
        }
      }
      try await waitForStatement("blocker", in: database)
      #expect(try await job.run(for: plant.tenant) == .elsewhere)
      #expect(try await job.run(for: other.tenant) == JobTurn())
      blocker.cancel()
      _ = await blocker.result
      // The lock went with the session.
      let isFree = try await eventuallyFree { try await job.run(for: plant.tenant) == JobTurn() }
      #expect(isFree)
    }
  }

  @Test("readings from before the rollups are rolled up too", arguments: StorageKind.allCases)
  func existing(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let old = Migrator(
        pool: database.pool, timescale: storage.timescale, clock: WallClock { noon },
        publicMigrations: Migration.forPublic,
        tenantMigrations: Migration.forTenants.filter { $0.number < 5 })
      let tenant = try await TenantProvisioner(migrator: old).create(
        NewTenant(slug: try #require(TenantSlug("t")), name: "t", domains: []))
      try await database.run(
        """
        INSERT INTO t.assets_site (name) VALUES ('S');
        INSERT INTO t.assets_asset (site_id, tag, asset_type) VALUES (1, 'A', 'AHU');
        INSERT INTO t.assets_device (asset_id, mqtt_client_id, name, serial_number)
          VALUES (1, 'D', 'D', 'D');
        INSERT INTO t.assets_sensor (device_id, tag, metric_type, unit) VALUES (1, 's', 'cop', '°C');
        INSERT INTO t.telemetry_readings SELECT 1, '2025-06-15T10:00:00Z', 1, '°C';
        INSERT INTO t.ingest_sensorstatus VALUES (1, 1, '2025-06-15T10:00:00Z');
        """)
      _ = try await database.migrator.migrate()
      #expect(
        try await database.rollups(hoursPerTurn: 5, now: noon).run(for: tenant)
          == JobTurn(counts: ["hours": 1]))
      #expect(try await database.integer("SELECT count FROM t.telemetry_daily") == 1)
    }
  }

  // MARK: Comparing

  private static func compare(
    _ plant: Plant, _ known: [ValidReading], _ generator: inout SeededGenerator, _ when: String
  ) async throws {
    for _ in 0..<8 {
      let query = HistoryTests.query(plant, &generator)
      var points: [HistoryPoint] = []
      var position: HistoryPosition?
      repeat {
        let page = try await plant.database.store.history(query, after: position, in: plant.tenant)
        points += page.points
        position = page.next
      } while position != nil
      let expected = HistoryTests.recompute(query, from: known)
      #expect(
        HistoryTests.areEqual(points, expected),
        "\(when): \(query), \(points.count) points instead of \(expected.count)")
    }
  }

  /// The tables themselves, row for row, against the readings.
  private static func compareTables(_ plant: Plant, before end: String) async throws {
    for level in RollupLevel.allCases where level != .readings {
      let differences = try await plant.database.integer(
        """
        WITH wanted AS (
          SELECT sensor_id, date_bin(\(level.width) * interval '1 microsecond', "timestamp",
            'epoch') AS bucket, round(sum(value)::numeric, 6) AS sum, min(value), max(value),
            (array_agg(value ORDER BY "timestamp" DESC))[1] AS last, count(*)
          FROM t.telemetry_readings GROUP BY 1, 2
        ), found AS (
          SELECT sensor_id, bucket, round(sum_value::numeric, 6), min_value, max_value, last_value,
            count
          FROM t.\(level.table)
        ), differing AS (
          (SELECT * FROM wanted EXCEPT SELECT * FROM found)
          UNION ALL (SELECT * FROM found EXCEPT SELECT * FROM wanted)
        )
        SELECT count(*) FROM differing
        WHERE bucket + \(level.width) * interval '1 microsecond' <= '\(end)'
        """)
      #expect(differences == 0, "\(level)")
    }
  }

  private func eventuallyFree(_ isFree: () async throws -> Bool) async throws -> Bool {
    try await eventually(every: .milliseconds(5)) { try await isFree() }
  }
}

extension TestDatabase {
  func rollups(hoursPerTurn: Int, now: Timestamp) -> RollupJob {
    RollupJob(pool: pool, clock: WallClock { now }, hoursPerTurn: hoursPerTurn)
  }
}
