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
