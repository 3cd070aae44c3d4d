// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Allows a burst and then a rate. Time comes in as an argument.
struct TokenBucket {
  private let capacity: Double
  private let perSecond: Double
  private var tokens: Double
  private var updatedAt: NIODeadline

  /// - Parameters:
  ///   - burst: tokens at the start, and the most it ever holds.
  ///   - perSecond: tokens that come back each second.
  init(burst: Int, perSecond: Int, at now: NIODeadline) {
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

  /// Gives tokens back; may exceed no more than the burst.
  mutating func give(_ count: Int) {
    tokens = min(capacity, tokens + Double(count))
  }
}
