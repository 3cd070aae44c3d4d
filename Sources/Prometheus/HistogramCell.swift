// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// Counts values by size. An observation is two atomic additions and a search in a dozen bounds.
final class HistogramCell: RecorderHandler, TimerHandler {
  private final class Count: Sendable {
    let value = Atomic<Int64>(0)
  }

  /// Upper bounds, inclusive, rising; the bucket without one is not among them.
  let bounds: [Double]
  private let counts: [Count]
  private let total = AtomicDouble()

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = (0...bounds.count).map { _ in Count() }
  }

  /// What fell into each bucket, the one without a bound last; and the sum of all values.
  var snapshot: (counts: [Int64], sum: Double) {
    (counts.map { $0.value.load(ordering: .relaxed) }, total.value)
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard !value.isNaN else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    counts[bucket].value.wrappingAdd(1, ordering: .relaxed)
    total.add(value)
  }

  /// Prometheus wants seconds.
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
