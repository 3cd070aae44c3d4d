// SPDX-License-Identifier: Apache-2.0
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("Plans of what to read from rollups")
struct RollupPlanTests {
  private static let hour: Int64 = 3_600_000_000

  @Test("the coarsest table is taken that fits into the buckets")
  func level() {
    let minute: Int64 = 60_000_000
    #expect(RollupLevel(forBuckets: 1) == .readings)
    #expect(RollupLevel(forBuckets: minute) == .readings)
    #expect(RollupLevel(forBuckets: 5 * minute) == .fiveMinutes)
    #expect(RollupLevel(forBuckets: 7 * minute) == .readings)
    #expect(RollupLevel(forBuckets: 15 * minute) == .fiveMinutes)
    #expect(RollupLevel(forBuckets: 60 * minute) == .hour)
    #expect(RollupLevel(forBuckets: 90 * minute) == .fiveMinutes)
    #expect(RollupLevel(forBuckets: 24 * 60 * minute) == .day)
    #expect(RollupLevel(forBuckets: 7 * 24 * 60 * minute) == .day)
  }

  @Test("rows start at or before an instant, also before 1970 and at the ends of time")
  func edges() {
    let level = RollupLevel.hour
    for (instant, floor) in [(0, 0), (1, 0), (Self.hour, Self.hour), (-1, -Self.hour)] {
      #expect(level.floor(Timestamp(microseconds: instant)).microseconds == floor)
    }
    #expect(level.ceiling(Timestamp(microseconds: 1)).microseconds == Self.hour)
    #expect(level.ceiling(Timestamp(microseconds: Self.hour)).microseconds == Self.hour)
    #expect(level.floor(Timestamp(microseconds: .min)).microseconds == .min)
    #expect(level.ceiling(Timestamp(microseconds: .max)).microseconds == .max)
  }

  @Test("a clean range of whole days is one piece; its ragged ends come from finer tables")
  func ragged() {
    let plan = RollupPlan(
      noon + -86_400 * 3 + 1..<noon + 601, level: .day, dirtyHours: [])
    #expect(
      plan.pieces.map(\.level) == [
        .readings, .fiveMinutes, .hour, .day, .hour, .fiveMinutes, .readings,
      ])
  }

  @Test("whatever is dirty, the pieces cover the range once, in order, from clean rollups only")
  func covers() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<500 {
      let from = noon + Int.random(in: -2_000_000..<0, using: &generator)
      let to = from + Int.random(in: 1..<2_000_000, using: &generator)
      let level = RollupLevel.allCases[Int.random(in: 0..<4, using: &generator)]
      let dirty = Set(
        (0..<Int.random(in: 0..<90, using: &generator)).map { _ in
          RollupLevel.hour.floor(noon + Int.random(in: -2_000_000..<0, using: &generator))
        }
      ).sorted()
      let plan = RollupPlan(from..<to, level: level, dirtyHours: dirty)
      #expect(plan.pieces.first?.range.lowerBound == from)
      #expect(plan.pieces.last?.range.upperBound == to)
      for (left, right) in zip(plan.pieces, plan.pieces.dropFirst()) {
        #expect(left.range.upperBound == right.range.lowerBound)
      }
      for piece in plan.pieces where piece.level != .readings {
        #expect(piece.level.rawValue <= level.rawValue)
        #expect(piece.level.floor(piece.range.lowerBound) == piece.range.lowerBound)
        #expect(piece.level.floor(piece.range.upperBound) == piece.range.upperBound)
        #expect(!dirty.contains { piece.range.overlaps($0..<$0 + 3_600) })
      }
    }
  }
}
