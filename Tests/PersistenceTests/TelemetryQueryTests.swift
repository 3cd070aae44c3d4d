// SPDX-License-Identifier: Apache-2.0
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("Questions to the database", .timeLimit(.minutes(5)))
struct TelemetryQueryTests {
  private func queries(_ database: TestDatabase) -> PostgresTelemetryQueries {
    PostgresTelemetryQueries(pool: database.pool)
  }

  @Test("an asset's sensors are those of all its devices; its tag may be written in any case")
  func asset() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let found = try await queries(database).sensors(ofAsset: "ch-001", of: plant.tenant)
      #expect(found?.count == 6)
      #expect(Set(found?.map(\.device.rawValue) ?? []) == ["ESP32-01", "ESP32-02"])
      #expect(try await queries(database).sensors(ofAsset: "CH-002", of: plant.tenant) == nil)
      try await database.run(
        "INSERT INTO t.assets_asset (site_id, tag, asset_type) VALUES (1, 'CH-003', 'PUMP')")
      #expect(try await queries(database).sensors(ofAsset: "CH-003", of: plant.tenant) == [])
    }
  }

  @Test(
    "totals over any range are what the readings give, rolled up or not",
    arguments: StorageKind.allCases)
  func totals(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      var generator = SeededGenerator(seed: 7)
      let readings = HistoryTests.readings(plant, &generator)
      _ = try await database.store.commit(plant.batch(readings))
      let job = database.rollups(hoursPerTurn: 200, now: noon + 3_700)
      for _ in 0..<4 {
        for _ in 0..<10 {
          let from = noon + Int.random(in: -6_000_000..<6_000, using: &generator)
          let range = from..<(from + Int.random(in: 1..<3_000_000, using: &generator))
          let totals = try await queries(database).totals(
            of: plant.keys, in: range, tenant: plant.tenant)
          let wanted = Dictionary(
            grouping: readings.filter { range.contains($0.timestamp) }, by: \.sensor.key)
          #expect(totals.map(\.sensorKey) == wanted.keys.sorted())
          for one in totals {
            let values = wanted[one.sensorKey] ?? []
            #expect(one.count == values.count)
            #expect(one.minimum == values.map(\.value).min())
            #expect(one.maximum == values.map(\.value).max())
            #expect(one.last == values.max { $0.timestamp < $1.timestamp }?.value)
            let average = values.reduce(0) { $0 + $1.value } / Double(values.count)
            #expect(abs(one.average - average) < 1e-9)
          }
        }
        _ = try await job.run(for: plant.tenant)
      }
      #expect(
        try await queries(database).totals(of: [], in: noon..<noon + 1, tenant: plant.tenant)
          .isEmpty)
    }
  }

  @Test("readings come newest first, page by page, within time and value bounds")
  func readings() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      _ = try await database.store.commit(
        plant.batch(
          (0..<10).flatMap { number in
            (0..<2).map { plant.reading($0, Double(number), at: noon + number) }
          }))
      var query = ReadingQuery(sensors: plant.keys, range: noon..<noon + 8)
      let first = try await queries(database).readings(
        query, PageRequest(number: 1, size: 3), tenant: plant.tenant)
      #expect(first.count == 16)
      #expect(first.items.map(\.timestamp) == [noon + 7, noon + 7, noon + 6])
      #expect(first.items.map(\.sensor) == [0, 1, 0].map { plant.sensors[$0] })
      let second = try await queries(database).readings(
        query, PageRequest(number: 2, size: 3), tenant: plant.tenant)
      #expect(second.items.map(\.timestamp) == [noon + 6, noon + 5, noon + 5])
      query.minimum = 3
      query.maximum = 3
      query.sensors = [plant.keys[1]]
      let one = try await queries(database).readings(query, PageRequest(), tenant: plant.tenant)
      #expect(one.count == 1 && one.items.map(\.value) == [3])
      query.sensors = []
      #expect(
        try await queries(database).readings(query, PageRequest(), tenant: plant.tenant)
          == Page(items: [], count: 0))
    }
  }

  @Test(
    "a device's state has every active sensor, with statistics of the readings since an instant")
  func state() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await database.run(
        """
        ALTER TABLE t.assets_device
          ADD COLUMN IF NOT EXISTS offline_after_seconds integer NOT NULL DEFAULT 300;
        UPDATE t.assets_device SET offline_after_seconds = 60 WHERE mqtt_client_id = 'ESP32-01';
        """)
      _ = try await database.store.commit(
        plant.batch([
          plant.reading(0, 1, at: noon), plant.reading(0, 3, at: noon + 60),
          plant.reading(1, 0, at: noon + -1),
        ]))
      let found = try await queries(database).state(
        of: Plant.device, statisticsSince: noon, tenant: plant.tenant)
      let state = try #require(found)
      #expect(state.timeout == .seconds(60))
      #expect(state.sensors.map(\.sensor) == plant.sensors)
      #expect(state.sensors.map(\.newest?.value) == [3, 0, nil])
      #expect(
        state.sensors[0].totals
          == ReadingTotals(
            sensorKey: plant.keys[0], average: 2, minimum: 1, maximum: 3, last: 3, count: 2,
            deviation: 2.0.squareRoot()))
      #expect(state.sensors[1].totals == nil && state.sensors[2].totals == nil)
      let nobody = try #require(DeviceID("nobody"))
      #expect(
        try await queries(database).state(of: nobody, statisticsSince: noon, tenant: plant.tenant)
          == nil)
    }
  }
}
