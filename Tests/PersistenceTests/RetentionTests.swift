// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Retention", .timeLimit(.minutes(5)))
struct RetentionTests {
  private static let day = 86_400

  private func plant(_ database: TestDatabase, ages: [Int]) async throws -> Plant {
    let plant = try await Plant.make("t", in: database)
    _ = try await database.store.commit(
      plant.batch(ages.map { plant.reading(0, Double($0), at: noon + -$0 * Self.day) }))
    return plant
  }

  private func settings(_ database: TestDatabase) -> PostgresTelemetrySettings {
    PostgresTelemetrySettings(pool: database.pool)
  }

  private func job(_ database: TestDatabase) -> RetentionJob {
    RetentionJob(pool: database.pool, clock: WallClock { noon })
  }

  private func daily(_ plant: Plant) async throws -> [HistoryPoint] {
    try await plant.database.store.history(
      HistoryQuery(
        sensors: plant.keys, from: noon + -400 * Self.day, to: noon + Self.day,
        resolution: .buckets(microseconds: 86_400_000_000)), after: nil, in: plant.tenant
    ).points
  }

  @Test("settings are as set; 0 days and nil are different things", arguments: StorageKind.allCases)
  func settingsRoundTrip(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      let store = settings(database)
      let canCompress = storage == .hypertable
      #expect(
        try await store.settings(of: plant.tenant) == TelemetrySettings(canCompress: canCompress))
      let set = try await store.set(rawDays: 30, compressAfterDays: 7, for: plant.tenant)
      #expect(
        set
          == TelemetrySettings(rawDays: 30, compressAfterDays: 7, canCompress: canCompress))
      #expect(try await store.settings(of: plant.tenant) == set)
      let cleared = try await store.set(rawDays: nil, compressAfterDays: nil, for: plant.tenant)
      #expect(cleared == TelemetrySettings(canCompress: canCompress))
    }
  }

  @Test(
    "old readings go in whole parts, once they are rolled up; their buckets stay",
    arguments: StorageKind.allCases)
  func drops(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await plant(database, ages: [0, 10, 200, 300])
      let before = try await daily(plant)
      #expect(before.count == 4)
      // Nobody asked for it.
      #expect(try await job(database).run(for: plant.tenant) == JobTurn())
      _ = try await settings(database).set(
        rawDays: 100, compressAfterDays: nil, for: plant.tenant)
      // Not rolled up yet.
      #expect(try await job(database).run(for: plant.tenant) == JobTurn())
      #expect(try await plant.count("telemetry_readings") == 4)
      _ = try await database.rollups(hoursPerTurn: 10, now: noon + 7_200).run(for: plant.tenant)
      #expect(
        try await job(database).run(for: plant.tenant) == JobTurn(counts: ["parts_deleted": 2]))
      #expect(try await plant.count("telemetry_readings") == 2)
      #expect(try await daily(plant) == before)
      let known = try await settings(database).settings(of: plant.tenant)
      let keptFrom = try #require(known.keptFrom)
      #expect(keptFrom > noon + -200 * Self.day && keptFrom <= noon + -100 * Self.day)
      #expect(known.appliedAt == noon)
      #expect(try await job(database).run(for: plant.tenant) == JobTurn())
    }
  }

  @Test(
    "a reading that comes after its time was deleted changes no bucket, and goes with the next turn",
    arguments: StorageKind.allCases)
  func tooLate(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await plant(database, ages: [0, 200])
      let before = try await daily(plant)
      _ = try await settings(database).set(
        rawDays: 100, compressAfterDays: nil, for: plant.tenant)
      let rollups = database.rollups(hoursPerTurn: 10, now: noon + 7_200)
      _ = try await rollups.run(for: plant.tenant)
      _ = try await job(database).run(for: plant.tenant)
      let late = plant.reading(0, 1_000, at: noon + (-200 * Self.day + 1))
      #expect(try await database.store.commit(plant.batch([late])).stored == [true])
      #expect(try await daily(plant) == before)
      #expect(try await rollups.run(for: plant.tenant) == JobTurn())
      #expect(
        try await job(database).run(for: plant.tenant) == JobTurn(counts: ["parts_deleted": 1]))
      #expect(try await daily(plant) == before)
      #expect(try await plant.count("telemetry_dirty_hours") == 0)
    }
  }

  @Test("what is known of warnings goes with the readings, but for the last of each sensor before")
  func warnings() async throws {
    try await withDatabase { database throws in
      let plant = try await plant(database, ages: [0])
      try await plant.run(
        """
        INSERT INTO §telemetry_warninghistory
        SELECT sensor, '2025-06-15 12:00Z'::timestamptz - days * interval '1 day', days % 2 = 1
        FROM generate_series(1, 2) sensor, unnest(ARRAY[98, 101, 102, 103]) days;
        INSERT INTO §telemetry_formerthresholds
        SELECT 1, '2025-06-15 12:00Z'::timestamptz - days * interval '1 day', '{}'
        FROM unnest(ARRAY[99, 101]) days
        """)
      // Nobody asked for it.
      #expect(try await job(database).run(for: plant.tenant) == JobTurn())
      _ = try await settings(database).set(
        rawDays: 100, compressAfterDays: nil, for: plant.tenant)
      let some = WarningRetention(
        try TenantSchema(plant.tenant), cutoff: noon + -100 * Self.day, rows: 3)
      let turns = try await database.pool.run { connection throws(PostgresError) in
        [try some.run(on: connection), try some.run(on: connection)]
      }
      #expect(
        turns == [
          JobTurn(counts: ["warnings_deleted": 3], hasMore: true),
          JobTurn(counts: ["warnings_deleted": 1]),
        ])
      #expect(try await job(database).run(for: plant.tenant) == JobTurn())
      #expect(try await plant.count("telemetry_warninghistory") == 4)
      #expect(try await plant.count("telemetry_formerthresholds") == 1)
      let record = try #require(
        try await PostgresTelemetryQueries(pool: database.pool).statusRecord(
          of: 1, in: noon + -100 * Self.day..<noon + -97 * Self.day, limit: 9, tenant: plant.tenant)
      )
      #expect(record.warnings.map(\.isBeyond) == [true, false])
    }
  }

  @Test("old chunks are compressed, and late readings still find their way into them")
  func compresses() async throws {
    try await withDatabase(.hypertable) { database throws in
      let plant = try await plant(database, ages: [0, 100, 110, 120, 130, 140])
      _ = try await settings(database).set(rawDays: nil, compressAfterDays: 30, for: plant.tenant)
      let first = try await job(database).run(for: plant.tenant)
      #expect(first == JobTurn(counts: ["chunks_compressed": 4], hasMore: true))
      #expect(
        try await job(database).run(for: plant.tenant)
          == JobTurn(counts: ["chunks_compressed": 1]))
      #expect(try await job(database).run(for: plant.tenant) == JobTurn())
      let late = plant.reading(0, 5, at: noon + (-100 * Self.day + 1))
      #expect(
        try await database.store.commit(plant.batch([late, late])).stored == [true, false])
      #expect(try await daily(plant).map(\.count) == [1, 1, 1, 1, 2, 1])
      _ = try await database.rollups(hoursPerTurn: 10, now: noon + 7_200).run(for: plant.tenant)
      #expect(try await daily(plant).map(\.count) == [1, 1, 1, 1, 2, 1])
    }
  }

  @Test("the journal loses what is older than its age, oldest first, a bounded part at a time")
  func journal() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      for number in 0..<5 {
        _ = try await database.store.commit(plant.batch([plant.reading(0, 1, at: noon + number)]))
      }
      try await database.run(
        """
        UPDATE t.telemetry_journal SET committed_at = '2025-06-12T11:59:59.999999Z' WHERE seq <= 3;
        UPDATE t.telemetry_journal SET committed_at = '2025-06-12T12:00:00Z' WHERE seq > 3;
        """)
      let job = JournalJob(pool: database.pool, clock: WallClock { noon }, rowsPerTurn: 2)
      #expect(try await job.run(for: plant.tenant) == JobTurn(counts: ["rows": 2], hasMore: true))
      #expect(try await job.run(for: plant.tenant) == JobTurn(counts: ["rows": 1]))
      #expect(try await job.run(for: plant.tenant) == JobTurn())
      #expect(
        try await database.store.journal(of: plant.tenant, after: 0, limit: 9).map(\.seq)
          == [4, 5])
      #expect(try await database.store.cursor(of: plant.tenant) == 5)
    }
  }
}
