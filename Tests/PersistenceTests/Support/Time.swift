// SPDX-License-Identifier: Apache-2.0
import Domain
import Synchronization

/// A clock that is moved by hand; it starts at noon.
final class Time: Sendable {
  private let current = Mutex(noon)

  var now: Timestamp { current.withLock { $0 } }

  var clock: WallClock { WallClock { self.now } }

  func advance(seconds: Int) {
    current.withLock { $0 = $0 + seconds }
  }
}
