// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Allows a burst and then a rate. Time comes in as an argument.
package struct TokenBucket {
  private let capacity: Double
  private let perSecond: Double
  private var tokens: Double
  private var updatedAt: NIODeadline

  /// - Parameters:
  ///   - burst: tokens at the start, and the most it ever holds.
  ///   - perSecond: tokens that come back each second.
  package init(burst: Int, perSecond: Int, at now: NIODeadline) {
    capacity = Double(burst)
    self.perSecond = Double(perSecond)
    tokens = capacity
    updatedAt = now
  }

  /// Takes `count` tokens.
  /// - Returns: false when there were not enough; they are taken all the same.
  mutating func take(_ count: Int, at now: NIODeadline) -> Bool {
    let elapsed = Double((now - updatedAt).nanoseconds) / 1e9
    updatedAt = now
    tokens = min(capacity, tokens + elapsed * perSecond) - Double(count)
    return tokens >= 0
  }

  /// Takes one token if there is one.
  /// - Returns: false when there was none, and none was taken.
  package mutating func takeIfAvailable(at now: NIODeadline) -> Bool {
    if take(1, at: now) { return true }
    tokens += 1
    return false
  }

  /// Time until there is a token again, as of the last use.
  package var timeUntilNext: Duration {
    tokens >= 1 ? .zero : .seconds((1 - tokens) / max(perSecond, 0.001))
  }

  /// Gives tokens back; may exceed no more than the burst.
  mutating func give(_ count: Int) {
    tokens = min(capacity, tokens + Double(count))
  }
}
