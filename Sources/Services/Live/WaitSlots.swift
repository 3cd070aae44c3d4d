// SPDX-License-Identifier: Apache-2.0

/// Where the caught-up readers of a view wait: a slot each, held for as long as the subscription lives,
/// so that parking and waking allocate nothing per reader but its continuation.
struct WaitSlots {
  typealias Waiter = CheckedContinuation<Void, Never>

  private var slots: [Waiter?] = []
  private var free: [Int] = []
  private var parked = 0

  /// Slots in use.
  var count: Int { slots.count - free.count }

  /// - Returns: a slot for a new reader.
  mutating func add() -> Int {
    if let slot = free.popLast() { return slot }
    slots.append(nil)
    return slots.count - 1
  }

  /// Gives a slot back. Its reader must not be parked.
  mutating func remove(_ slot: Int) {
    free.append(slot)
    if count == 0 {
      slots = []
      free = []
    }
  }

  mutating func park(_ waiter: Waiter, in slot: Int) {
    slots[slot] = waiter
    parked += 1
  }

  /// - Returns: the waiter, to be resumed outside the lock; nil when none is parked there.
  mutating func take(_ slot: Int) -> Waiter? {
    guard slots.indices.contains(slot), let waiter = slots[slot] else { return nil }
    slots[slot] = nil
    parked -= 1
    return waiter
  }

  /// - Returns: all waiters, to be resumed outside the lock.
  mutating func takeAll() -> [Waiter] {
    guard parked > 0 else { return [] }
    var waiters: [Waiter] = []
    waiters.reserveCapacity(parked)
    for slot in slots.indices {
      guard let waiter = slots[slot] else { continue }
      slots[slot] = nil
      waiters.append(waiter)
    }
    parked = 0
    return waiters
  }
}
