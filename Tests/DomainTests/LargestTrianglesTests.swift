// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@Suite("Thinning out a curve")
struct LargestTrianglesTests {
  private typealias Point = (timestamp: Timestamp, value: Double)

  private func points(_ values: [Double]) -> [Point] {
    values.enumerated().map { index, value in
      (Timestamp(microseconds: 1_749_988_800_000_000 + Int64(index) * 1_000_000), value)
    }
  }

  @Test("what is not more than wanted stays as it is", arguments: 0...5)
  func small(count: Int) {
    let curve = points((0..<count).map(Double.init))
    #expect(LargestTriangles.positions(of: curve, keeping: 5) == Array(0..<count))
  }

  @Test("exactly as many stay as wanted, the ends among them, ascending", arguments: 6...60)
  func count(wanted: Int) {
    var state: UInt64 = UInt64(wanted)
    let curve = points(
      (0..<61).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 33)
      })
    let kept = LargestTriangles.positions(of: curve, keeping: wanted)
    #expect(kept.count == wanted)
    #expect(kept.first == 0 && kept.last == 60)
    #expect(zip(kept, kept.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("a single peak or dip survives, wherever it is", arguments: 1..<99)
  func peak(position: Int) {
    for height in [1_000.0, -1_000] {
      var values = [Double](repeating: 5, count: 100)
      values[position] = height
      let kept = LargestTriangles.positions(of: points(values), keeping: 10)
      #expect(kept.contains(position))
    }
  }

  @Test("a hand-computed example")
  func example() {
    // Buckets of two: {1, 2}, {3, 4}, {5, 6}; twice the areas, with the mean of the bucket after:
    // from (0, 0) to (3.5, 2.5): 11.5 and 1.5; from (1, 4) to (5.5, 1.5): 13 and 12; from (3, 0) to
    // (7, 0): 4 and 8.
    let curve = points([0, 4, 1, 0, 5, 1, 2, 0])
    #expect(LargestTriangles.positions(of: curve, keeping: 5) == [0, 1, 3, 6, 7])
  }

  @Test("fewer than three are taken as three", arguments: [-1, 0, 1, 2, 3])
  func three(wanted: Int) {
    let kept = LargestTriangles.positions(of: points([0, 0, 9, 0, 0]), keeping: wanted)
    #expect(kept == [0, 2, 4])
  }
}
