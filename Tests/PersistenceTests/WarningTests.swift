// SPDX-License-Identifier: Apache-2.0
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("Since when values were beyond thresholds", .timeLimit(.minutes(5)))
struct WarningTests {
  /// The verdict's changes, as seconds after noon; negative where it became good. None is at noon.
  private func turns(_ plant: Plant, from start: Int = -1_000, until end: Int) async throws -> [Int]
  {
    try #require(
      try await PostgresTelemetryQueries(pool: plant.database.pool).statusRecord(
        of: plant.keys[0], in: noon + start..<noon + end, limit: 1_000, tenant: plant.tenant)
    ).warnings.map {
      Int($0.since.since(noon).components.seconds) * ($0.isBeyond ? 1 : -1)
    }
  }

  private func commit(_ plant: Plant, _ values: [Int: Double]) async throws {
    _ = try await plant.database.store.commit(
      plant.batch(values.map { plant.reading(0, $1, at: noon + $0) }))
  }

  private func run(_ plant: Plant, at offset: Int) async throws {
    let now = noon + offset
    let job = StatusJob(pool: plant.database.pool, clock: WallClock { now })
    while try await job.run(for: plant.tenant).hasMore {}
  }

  /// As changing the sensor does, at a given time.
  private func change(_ plant: Plant, at offset: Int, to thresholds: String) async throws {
    try await plant.run(
      """
      INSERT INTO §telemetry_formerthresholds
        SELECT id, '2025-06-15 12:00Z'::timestamptz + \(offset) * interval '1 s', thresholds
        FROM §assets_sensor WHERE id = 1;
      UPDATE §assets_sensor SET thresholds = '\(thresholds)' WHERE id = 1;
      """)
  }

  @Test(
    "it is the same on both storages, whether the job has looked, and however late",
    arguments: StorageKind.allCases)
  func late(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      try await plant.run(
        #"UPDATE §assets_sensor SET thresholds = '{"warning_low": 10, "critical_high": 20}'"#)
      try await commit(plant, [1: 15])
      try await run(plant, at: 1)
      // The bounds themselves are within.
      try await commit(plant, [60: 20, 120: 20.5, 180: 21, 240: 10, 300: 9.9, 900: 15])
      let expected = [120, -240, 300, -900]
      #expect(try await turns(plant, until: 1_000) == expected)
      #expect(try await turns(plant, until: 300) == [120, -240])
      #expect(try await turns(plant, from: 130, until: 301) == [120, -240, 300])
      try await run(plant, at: 5_000)
      #expect(try await plant.count("telemetry_warninghistory") == 4)
      #expect(try await turns(plant, until: 1_000) == expected)
      #expect(try await turns(plant, from: 241, until: 1_000) == [300, -900])
      // One that is late, and older than what was looked at.
      try await commit(plant, [600: 15])
      try await run(plant, at: 6_000)
      #expect(try await turns(plant, until: 1_000) == expected)
      let queries = PostgresTelemetryQueries(pool: database.pool)
      for (limit, isThere) in [(7, false), (8, true)] {
        let record = try await queries.statusRecord(
          of: 1, in: noon + -1_000..<noon + 10_000, limit: limit, tenant: plant.tenant)
        #expect((record != nil) == isThere, "\(limit)")
      }
    }
  }

  @Test("other thresholds count from their time on, and judge the newest value anew")
  func thresholds() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await commit(plant, [1: 15])
      try await run(plant, at: 1)
      try await commit(plant, [100: 30])
      try await change(plant, at: 150, to: #"{"warning_high": 20}"#)
      try await commit(plant, [200: 25])
      try await change(plant, at: 250, to: #"{"warning_high": 40}"#)
      try await change(plant, at: 260, to: #"{"critical_low": 28}"#)
      #expect(try await turns(plant, until: 1_000) == [150, -250, 260])
      try await run(plant, at: 10_000)
      #expect(try await turns(plant, until: 1_000) == [150, -250, 260])
      // Still not looked at: they are later than the newest reading.
      #expect(try await plant.count("telemetry_warninghistory") == 1)
      try await commit(plant, [20_000: 30])
      #expect(try await turns(plant, until: 30_000) == [150, -250, 260, -20_000])
      try await run(plant, at: 20_400)
      #expect(try await turns(plant, until: 30_000) == [150, -250, 260, -20_000])
      #expect(try await plant.count("telemetry_warninghistory") == 4)
      // A reading of the future was looked at before: the change counts from it on.
      try await change(plant, at: 19_990, to: #"{"warning_high": 20}"#)
      try await commit(plant, [20_500: 30])
      try await run(plant, at: 20_900)
      #expect(try await turns(plant, until: 30_000) == [150, -250, 260])
    }
  }

  @Test(
    "any readings, changes of thresholds and looks make what a simple count makes of them",
    arguments: StorageKind.allCases)
  func property(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      var generator = SeededGenerator(seed: 1_123)
      // Highest good values, each from its time on.
      var highest: [(since: Int, value: Double)] = [(-1_000, .infinity)]
      var values: [Int: Double] = [1: 0]
      try await commit(plant, values)
      try await run(plant, at: 1)
      var now = 1
      for round in 0..<40 {
        var fresh: [Int: Double] = [:]
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
          now += [1, 60, 299, 300, 301, 5_000].randomElement(using: &generator) ?? 1
          if Int.random(in: 0..<3, using: &generator) == 0 {
            let value = Double(Int.random(in: 0...9, using: &generator))
            try await change(plant, at: now, to: #"{"critical_high": \#(value)}"#)
            highest.append((now, value))
          } else {
            fresh[now] = Double(Int.random(in: 0...9, using: &generator))
          }
        }
        // In two pieces, the newer one first.
        let middle = now - 300
        try await commit(plant, fresh.filter { $0.key > middle })
        try await commit(plant, fresh.filter { $0.key <= middle })
        values.merge(fresh) { $1 }
        func check(_ when: String) async throws {
          let end = now + 1
          #expect(
            try await turns(plant, until: end) == Self.turns(values, highest, until: end),
            "round \(round), \(when)")
        }
        try await check("before")
        if Bool.random(using: &generator) { try await run(plant, at: now) }
        try await check("after")
      }
    }
  }

  private static func turns(
    _ values: [Int: Double], _ highest: [(since: Int, value: Double)], until end: Int
  ) -> [Int] {
    var turns: [Int] = []
    for time in Set(values.keys).union(highest.map(\.since)).sorted() where time < end {
      guard let value = values.filter({ $0.key <= time }).max(by: { $0.key < $1.key })?.value,
        let most = highest.last(where: { $0.since <= time })?.value,
        (value > most) != ((turns.last ?? -1) > 0)
      else { continue }
      turns.append(value > most ? time : -time)
    }
    return turns
  }

  @Test("whoever changes thresholds sees it in the history, as in the sensor's status")
  func changing() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      func now() async throws -> Timestamp {
        Timestamp(
          microseconds: try #require(
            try await database.integer(
              "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")))
      }
      let start = try await now()
      _ = try await database.store.commit(
        plant.batch([plant.reading(0, 20, at: start.advanced(by: .seconds(-10)))]))
      func set(_ thresholds: String) async throws -> Connectivity {
        var changes = SensorChanges()
        changes.thresholds = JSONObjectText(thresholds)
        return try await database.sensors.changeSensor(1, changes, of: plant.tenant).connectivity
      }
      func shown() async throws -> [Connectivity] {
        let range = start.advanced(by: .seconds(-60))..<(try await now())
        let record = try await PostgresTelemetryQueries(pool: database.pool).statusRecord(
          of: 1, in: range, limit: 10, tenant: plant.tenant)
        let intervals = StatusInterval.intervals(of: try #require(record), over: range)
        #expect(intervals.dropFirst().allSatisfy { $0.range.lowerBound >= start })
        return intervals.map(\.status)
      }
      #expect(try await set(#"{"warning_high": 10}"#) == .warning)
      #expect(try await shown() == [.online, .warning])
      #expect(try await set(#"{"warning_high": 10.0}"#) == .warning)
      #expect(try await plant.count("telemetry_formerthresholds") == 1)
      #expect(try await set(#"{"warning_high": 30}"#) == .online)
      #expect(try await shown() == [.online, .warning, .online])
      var changes = SensorChanges()
      changes.unit = "K"
      _ = try await database.sensors.changeSensor(1, changes, of: plant.tenant)
      #expect(try await plant.count("telemetry_formerthresholds") == 2)
    }
  }

  @Test("a sensor whose device may be silent for days is looked at once an hour")
  func longTimeout() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await database.run("UPDATE t.assets_device SET offline_after_seconds = 604800")
      try await plant.run(#"UPDATE §assets_sensor SET thresholds = '{"critical_high": 20}'"#)
      try await commit(plant, [1: 15])
      try await run(plant, at: 1)
      for (offset, written) in [(3_601, 0), (3_602, 1)] as [(Int, Int64)] {
        try await commit(plant, [offset: 21])
        try await run(plant, at: offset)
        #expect(try await plant.count("telemetry_warninghistory") == written, "\(offset)")
        #expect(try await turns(plant, until: 4_000) == [3_601])
      }
    }
  }

  @Test("a sensor that an earlier release saw beyond its thresholds is in warning from there on")
  func earlierReleases() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await plant.run(#"UPDATE §assets_sensor SET thresholds = '{"critical_high": 20}'"#)
      try await commit(plant, [1: 25])
      try await run(plant, at: 1)
      // As the migration leaves it.
      try await plant.run(
        "TRUNCATE §telemetry_warninghistory; UPDATE §telemetry_sensorstate SET is_beyond = false")
      #expect(try await turns(plant, until: 100) == [1])
      try await commit(plant, [200: 26, 400: 26])
      try await run(plant, at: 400)
      #expect(try await turns(plant, until: 500) == [1])
      #expect(try await plant.count("telemetry_warninghistory") == 1)
    }
  }
}
