// SPDX-License-Identifier: Apache-2.0
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("History", .timeLimit(.minutes(5)))
struct HistoryTests {
  @Test(
    "pages, put together, are what a recomputation from all readings gives",
    arguments: StorageKind.allCases)
  func againstBruteForce(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      var generator = SeededGenerator(seed: 20_250_615)
      let readings = Self.readings(plant, &generator)
      _ = try await database.store.commit(plant.batch(readings))
      for round in 0..<60 {
        let query = Self.query(plant, &generator)
        let expected = Self.recompute(query, from: readings)
        var points: [HistoryPoint] = []
        var position: HistoryPosition?
        var pages = 0
        repeat {
          let page = try await database.store.history(query, after: position, in: plant.tenant)
          #expect(page.points.count <= query.pageSize)
          #expect(page.next == nil || page.points.count == query.pageSize)
          points += page.points
          position = page.next
          pages += 1
        } while position != nil && pages < 10_000
        #expect(
          Self.areEqual(points, expected),
          "round \(round): \(query), \(points.count) points instead of \(expected.count)")
        #expect(pages == max(1, (expected.count + query.pageSize - 1) / query.pageSize))
      }
    }
  }

  @Test("no sensors, or a range that is empty or turned round, have no history")
  func nothing() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      _ = try await database.store.commit(plant.batch([plant.reading(0, 1, at: noon)]))
      for (sensors, from, to) in [
        ([], noon, noon + 1), ([1_000_000], noon, noon + 1), (plant.keys, noon, noon),
        (plant.keys, noon + 1, noon), (plant.keys, noon + 1, noon + 2),
        (plant.keys, noon + -1, noon),
      ] {
        for resolution in [HistoryResolution.raw, .minute, .buckets(microseconds: 86_400_000_000)] {
          let page = try await database.store.history(
            HistoryQuery(sensors: sensors, from: from, to: to, resolution: resolution),
            after: nil, in: plant.tenant)
          #expect(page == HistoryPage(points: [], next: nil))
        }
      }
    }
  }

  @Test("the whole of time may be asked for")
  func allTime() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      _ = try await database.store.commit(
        plant.batch([plant.reading(0, 1, at: noon), plant.reading(0, 3, at: noon + 3_000_000)]))
      for resolution in [HistoryResolution.raw, .buckets(microseconds: 1), .minute] {
        let page = try await database.store.history(
          HistoryQuery(
            sensors: plant.keys, from: Timestamp(microseconds: .min),
            to: Timestamp(microseconds: .max), resolution: resolution), after: nil,
          in: plant.tenant)
        #expect(page.points.map(\.average) == [1, 3])
        #expect(page.next == nil)
      }
    }
  }

  // MARK: The model

  /// Three sensors, dense and thin stretches over 70 days, some at the same instants.
  static func readings(
    _ plant: Plant, _ generator: inout SeededGenerator
  ) -> [ValidReading] {
    var keys: Set<ReadingKey> = []
    var readings: [ValidReading] = []
    for number in 0..<1_500 {
      let sensor = Int.random(in: 0..<3, using: &generator)
      let offset: Int64 =
        number < 900
        ? Int64.random(in: 0..<7_200, using: &generator) * 1_000_000
        : Int64.random(in: -6_000_000_000_000..<6_000_000_000, using: &generator)
      let reading = plant.reading(
        sensor, Double(Int.random(in: -400..<1_250, using: &generator)) / 10,
        at: Timestamp(microseconds: noon.microseconds + offset))
      if keys.insert(ReadingKey(reading)).inserted { readings.append(reading) }
    }
    return readings
  }

  static func query(
    _ plant: Plant, _ generator: inout SeededGenerator
  ) -> HistoryQuery {
    let isLong = Bool.random(using: &generator)
    let first: Int64 = isLong ? -6_100_000_000_000 : -10_000_000
    let from = Int64.random(in: first..<7_000_000_000, using: &generator)
    let length = Int64.random(
      in: 1..<(isLong ? 7_000_000_000_000 : 7_200_000_000), using: &generator)
    let widths: [Int64] = [
      7_000_000, 60_000_000, 300_000_000, 3_600_000_000, 86_400_000_000, 604_800_000_000,
    ]
    let resolution: HistoryResolution =
      Int.random(in: 0..<3, using: &generator) == 0
      ? .raw : .buckets(microseconds: widths[Int.random(in: 0..<6, using: &generator)])
    var query = HistoryQuery(
      sensors: plant.keys, from: Timestamp(microseconds: noon.microseconds + from),
      to: Timestamp(microseconds: noon.microseconds + from + length), resolution: resolution,
      pageSize: [1, 7, 50, 333, 5_000][Int.random(in: 0..<5, using: &generator)])
    if Bool.random(using: &generator) {
      query.sensors = plant.keys.filter { _ in Bool.random(using: &generator) }
    }
    return query
  }

  static func recompute(
    _ query: HistoryQuery, from readings: [ValidReading]
  ) -> [HistoryPoint] {
    let wanted = readings.filter { reading in
      (query.from..<query.to).contains(reading.timestamp)
        && query.sensors.contains(reading.sensor.key)
    }
    let groups = Dictionary(grouping: wanted) { reading -> ReadingKey in
      guard case .buckets(let width) = query.resolution else { return ReadingKey(reading) }
      let instant = reading.timestamp.microseconds
      return ReadingKey(
        sensor: reading.sensor.key,
        timestamp: Timestamp(microseconds: instant - instant % width))
    }
    return groups.map { key, members in
      let values = members.map(\.value)
      return HistoryPoint(
        sensorKey: key.sensor, timestamp: key.timestamp,
        average: values.reduce(0, +) / Double(values.count), minimum: values.min() ?? .nan,
        maximum: values.max() ?? .nan,
        last: members.max { $0.timestamp < $1.timestamp }?.value ?? .nan,
        count: Int64(values.count))
    }.sorted { ($0.timestamp, $0.sensorKey) < ($1.timestamp, $1.sensorKey) }
  }

  static func areEqual(_ left: [HistoryPoint], _ right: [HistoryPoint]) -> Bool {
    left.count == right.count
      && zip(left, right).allSatisfy { left, right in
        left.sensorKey == right.sensorKey && left.timestamp == right.timestamp
          && left.minimum == right.minimum && left.maximum == right.maximum
          && left.last == right.last
          && left.count == right.count && abs(left.average - right.average) < 1e-9
      }
  }
}

extension HistoryResolution {
  fileprivate static let minute = HistoryResolution.buckets(microseconds: 60_000_000)
}
