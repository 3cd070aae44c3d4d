// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// A whole number that only grows. One relaxed atomic addition each time.
final class CounterCell: CounterHandler {
  private let count = Atomic<Int64>(0)

  var value: Double { Double(count.load(ordering: .relaxed)) }

  /// Less than nothing is not added: a counter does not fall.
  func increment(by amount: Int64) {
    if amount > 0 { count.wrappingAdd(amount, ordering: .relaxed) }
  }

  func reset() { count.store(0, ordering: .relaxed) }
}

/// A number that only grows.
final class FloatingPointCounterCell: FloatingPointCounterHandler {
  private let sum = AtomicDouble()

  var value: Double { sum.value }

  func increment(by amount: Double) {
    if amount > 0 { sum.add(amount) }
  }

  func reset() { sum.set(0) }
}
