// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// The time as a test wants it; 2026-01-01T00:00:00Z at first.
final class TestClock: Sendable {
  private let time = Mutex(ServiceFixture.now)

  var now: Timestamp { time.withLock { $0 } }

  var wall: WallClock { WallClock { self.now } }

  func advance(by duration: Duration) {
    time.withLock { $0 = $0.advanced(by: duration) }
  }
}
