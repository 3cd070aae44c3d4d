// SPDX-License-Identifier: Apache-2.0

/// A map from stream identifiers: open addressing with linear probing. A `Dictionary` hashes every key with
/// SipHash, which costs several times what a look-up here does; a peer that picks colliding identifiers
/// gains no more than a walk over as many entries as it may have streams.
struct StreamTable<Value> {
  private var keys: [StreamID] = []
  private var slots: [Value?] = []
  private(set) var count = 0

  /// All values, in no order.
  var values: [Value] { slots.compactMap { $0 } }

  /// Slots in memory, at least twice as many as values.
  var capacity: Int { keys.count }

  subscript(_ key: StreamID) -> Value? {
    guard count > 0 else { return nil }
    var slot = home(key)
    while keys[slot] != 0 {
      if keys[slot] == key { return slots[slot] }
      slot = after(slot)
    }
    return nil
  }

  /// Adds or replaces. The key is not 0, which is the connection and never a stream.
  mutating func insert(_ value: Value, for key: StreamID) {
    // At most half full, so that probes stay short.
    if (count + 1) * 2 > keys.count { grow() }
    var slot = home(key)
    while keys[slot] != 0, keys[slot] != key { slot = after(slot) }
    if keys[slot] == 0 { count += 1 }
    keys[slot] = key
    slots[slot] = value
  }

  @discardableResult
  mutating func remove(_ key: StreamID) -> Value? {
    guard count > 0 else { return nil }
    var slot = home(key)
    while keys[slot] != key {
      if keys[slot] == 0 { return nil }
      slot = after(slot)
    }
    let removed = slots[slot]
    count -= 1
    // Close the gap: whoever would be looked for beyond it moves in.
    var gap = slot
    slot = after(slot)
    while keys[slot] != 0 {
      let distanceHome = (slot &- home(keys[slot])) & (keys.count - 1)
      let distanceGap = (slot &- gap) & (keys.count - 1)
      if distanceHome >= distanceGap {
        keys[gap] = keys[slot]
        slots.swapAt(gap, slot)
        gap = slot
      }
      slot = after(slot)
    }
    keys[gap] = 0
    slots[gap] = nil
    return removed
  }

  mutating func removeAll() {
    self = StreamTable()
  }

  /// Multiplicative hashing: scatters identifiers, which count up in steps of two, so that closing a gap
  /// never has to walk over a long run of them.
  private func home(_ key: StreamID) -> Int {
    Int((UInt32(bitPattern: key) &* 0x9E37_79B9) >> 16) & (keys.count - 1)
  }

  private func after(_ slot: Int) -> Int { (slot + 1) & (keys.count - 1) }

  private mutating func grow() {
    let old = zip(keys, slots)
    keys = Array(repeating: 0, count: max(8, keys.count * 2))
    slots = Array(repeating: nil, count: keys.count)
    count = 0
    for case (let key, let value?) in old where key != 0 { insert(value, for: key) }
  }
}
