// SPDX-License-Identifier: Apache-2.0

/// Tells the wall-clock time. A parameter, so that tests decide what time it is.
package struct WallClock: Sendable {
  package let now: @Sendable () -> Timestamp

  package init(now: @escaping @Sendable () -> Timestamp) {
    self.now = now
  }
}
