// SPDX-License-Identifier: Apache-2.0

/// The tokens of ``RetryThrottling``.
struct RetryThrottle {
  private let throttling: RetryThrottling
  private(set) var tokens: Double

  init(_ throttling: RetryThrottling) {
    self.throttling = throttling
    tokens = throttling.maxTokens
  }

  var allowsRetries: Bool { tokens > throttling.maxTokens / 2 }

  mutating func failed() { tokens = max(0, tokens - 1) }

  mutating func succeeded() { tokens = min(throttling.maxTokens, tokens + throttling.tokenRatio) }
}
