// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt: doubling, with jitter so that many clients that lost the
/// same broker do not return in step.
package struct Backoff: Sendable {
  /// Before the second attempt.
  package var initial: Duration = .milliseconds(100)
  /// Never longer than this.
  package var maximum: Duration = .seconds(30)
  private var attempts = 0

  package init(initial: Duration = .milliseconds(100), maximum: Duration = .seconds(30)) {
    self.initial = initial
    self.maximum = maximum
  }

  /// - Parameter random: a number in 0..<1; the pause is between half and all of the doubled time.
  package mutating func next(random: Double) -> Duration {
    // 2^20 × 1 ms is beyond any sensible maximum.
    let doubled = min(initial * (1 << min(attempts, 20)), maximum)
    attempts += 1
    return doubled * (0.5 + random / 2)
  }

  package mutating func reset() { attempts = 0 }
}
