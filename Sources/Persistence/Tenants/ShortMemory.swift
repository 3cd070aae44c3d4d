// SPDX-License-Identifier: Apache-2.0
import Domain
import Synchronization

/// Answers of the database, remembered for a short while. Only hits are remembered: what is new is visible
/// at once, and names that do not exist cannot fill the memory.
final class ShortMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct State {
    var entries: [Key: (value: Value, expiry: Timestamp)] = [:]
    /// Counts the calls of `forget`: an answer that was asked for before one is not remembered after it.
    var generation: UInt64 = 0
  }

  private let capacity: Int
  private let timeToLive: Duration
  private let clock: WallClock
  private let state = Mutex(State())

  /// - Parameter capacity: entries kept; beyond, all are forgotten.
  init(capacity: Int, timeToLive: Duration, clock: WallClock) {
    self.capacity = capacity
    self.timeToLive = timeToLive
    self.clock = clock
  }

  /// - Parameter load: asks the database; nil: there is no such thing.
  func value(
    _ key: Key, load: () async throws(StoreError) -> Value?
  ) async throws(StoreError) -> Value? {
    let now = clock.now()
    let (known, generation) = state.withLock { ($0.entries[key], $0.generation) }
    if let known, now < known.expiry { return known.value }
    let found = try await load()
    state.withLock { state in
      guard let found else {
        state.entries[key] = nil
        return
      }
      guard state.generation == generation else { return }
      if state.entries.count >= capacity { state.entries.removeAll() }
      state.entries[key] = (found, now.advanced(by: timeToLive))
    }
    return found
  }

  /// After a change that was made through this process.
  func forget(where isStale: (Value) -> Bool = { _ in true }) {
    state.withLock { state in
      state.generation += 1
      state.entries = state.entries.filter { !isStale($0.value.value) }
    }
  }
}
