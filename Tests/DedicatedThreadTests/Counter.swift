// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many are inside at once.
final class Counter: Sendable {
  private let counts = Mutex((now: 0, most: 0, total: 0))

  func enter() {
    counts.withLock {
      $0.now += 1
      $0.total += 1
      $0.most = max($0.most, $0.now)
    }
  }

  func leave() { counts.withLock { $0.now -= 1 } }

  var most: Int { counts.withLock { $0.most } }
  var total: Int { counts.withLock { $0.total } }
}
