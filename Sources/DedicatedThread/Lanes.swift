// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Spreads blocking work over a few threads, and says no when enough of it waits.
package final class Lanes: Sendable {
  /// How much each lane has before it.
  private let load: Mutex<[Int]>
  private let capacity: Int

  /// - Parameters:
  ///   - count: how many there are; at least one.
  ///   - maxWaiting: pieces of work that may wait for a lane.
  package init(count: Int, maxWaiting: Int) {
    load = Mutex([Int](repeating: 0, count: max(1, count)))
    capacity = max(1, count) + maxWaiting
  }

  /// Gives one piece of work to the lane with the least to do.
  /// - Returns: its number, from 0, to be given back to ``release(_:)``; nil: all have enough.
  package func claim() -> Int? {
    load.withLock { load in
      guard load.reduce(0, +) < capacity, let lane = load.indices.min(by: { load[$0] < load[$1] })
      else { return nil }
      load[lane] += 1
      return lane
    }
  }

  package func release(_ lane: Int) {
    load.withLock { $0[lane] -= 1 }
  }
}
