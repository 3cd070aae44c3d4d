// SPDX-License-Identifier: Apache-2.0

/// Thins out a curve so that it looks the same: Largest Triangle Three Buckets.
///
/// The first and the last point stay. Of each bucket in between, the point stays that forms the largest triangle
/// with the one kept before and the mean of the bucket after. Source: S. Steinarsson, "Downsampling Time
/// Series for Visual Representation", University of Iceland 2013, §4.2.
package enum LargestTriangles {
  /// - Parameters:
  ///   - points: ascending in time.
  ///   - count: how many are to stay; less than 3 is taken as 3.
  /// - Returns: positions of the points that stay, ascending; all of them when there are not more than `count`.
  package static func positions(
    of points: [(timestamp: Timestamp, value: Double)], keeping count: Int
  ) -> [Int] {
    let count = max(3, count)
    guard points.count > count, let origin = points.first?.timestamp.microseconds else {
      return Array(points.indices)
    }
    // Relative to the first point: absolute microseconds would cost a double's precision.
    func x(_ position: Int) -> Double {
      Double(points[position].timestamp.microseconds &- origin)
    }
    // All points but the two ends, in count − 2 buckets.
    let width = Double(points.count - 2) / Double(count - 2)
    func start(of bucket: Int) -> Int { min(1 + Int(Double(bucket) * width), points.count - 1) }
    var kept = [0]
    kept.reserveCapacity(count)
    for bucket in 0..<(count - 2) {
      let next = start(of: bucket + 1)..<max(start(of: bucket + 2), start(of: bucket + 1) + 1)
      var (meanX, meanY) = (0.0, 0.0)
      for position in next {
        meanX += x(position) / Double(next.count)
        meanY += points[position].value / Double(next.count)
      }
      let (a, ay) = (x(kept[bucket]), points[kept[bucket]].value)
      var best = start(of: bucket)
      var largest = -1.0
      for position in start(of: bucket)..<next.lowerBound {
        let area = abs(
          (a - meanX) * (points[position].value - ay) - (a - x(position)) * (meanY - ay))
        if area > largest { (best, largest) = (position, area) }
      }
      kept.append(best)
    }
    kept.append(points.count - 1)
    return kept
  }
}
