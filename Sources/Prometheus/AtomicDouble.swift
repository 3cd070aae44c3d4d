// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A floating-point number that threads share.
struct AtomicDouble: ~Copyable, Sendable {
  private let bits = Atomic<UInt64>(0)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  func add(_ amount: Double) {
    var known = bits.load(ordering: .relaxed)
    while true {
      let sum = (Double(bitPattern: known) + amount).bitPattern
      let (isDone, actual) = bits.weakCompareExchange(
        expected: known, desired: sum, ordering: .relaxed)
      if isDone { return }
      known = actual
    }
  }
}
