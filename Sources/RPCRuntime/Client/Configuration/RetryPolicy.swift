// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When a failed call is sent again (gRPC A6). It is not once response headers have come.
public struct RetryPolicy: Hashable, Sendable {
  /// More is taken as this (gRPC A6).
  public static let mostAttempts = 5

  /// Attempts in all, the first one included: 1 … 5.
  public let maxAttempts: Int
  /// Wait before the first retry, ±20 %.
  public let initialBackoff: Duration
  /// Longest wait before chance.
  public let maxBackoff: Duration
  /// Growth of the wait with each retry.
  public let backoffMultiplier: Double
  /// Statuses after which the same call may be sent again.
  public let retryableStatusCodes: Set<StatusCode>

  /// - Parameters:
  ///   - maxAttempts: the first one included; more than 5 are taken as 5.
  ///   - initialBackoff: before the first retry.
  ///   - maxBackoff: longest.
  ///   - backoffMultiplier: growth.
  ///   - retryableStatusCodes: UNAVAILABLE only, unless the method is idempotent.
  public init(
    maxAttempts: Int, initialBackoff: Duration = .milliseconds(100),
    maxBackoff: Duration = .seconds(5), backoffMultiplier: Double = 2,
    retryableStatusCodes: Set<StatusCode> = [.unavailable]
  ) {
    self.maxAttempts = min(max(1, maxAttempts), Self.mostAttempts)
    self.initialBackoff = initialBackoff
    self.maxBackoff = maxBackoff
    self.backoffMultiplier = backoffMultiplier
    self.retryableStatusCodes = retryableStatusCodes
  }

  /// - Parameters:
  ///   - step: retries since the first, or since the server last said when: 0 and up.
  ///   - chance: 0 ..< 1.
  func delay(step: Int, chance: Double) -> TimeAmount {
    let most = Double(TimeAmount(maxBackoff).nanoseconds)
    var nanoseconds = Double(TimeAmount(initialBackoff).nanoseconds)
    for _ in 0..<step { nanoseconds *= backoffMultiplier }
    return .nanoseconds(Int64(max(0, min(min(nanoseconds, most) * (0.8 + 0.4 * chance), 1e18))))
  }
}

/// Stops retries while most calls fail, so that they do not keep a server down (gRPC A6, "Throttling Retry
/// Attempts"). Each failed attempt takes a token, each successful call gives ``tokenRatio`` back; retries
/// happen while more than half of ``maxTokens`` are there.
public struct RetryThrottling: Hashable, Sendable {
  /// 1 … 1000.
  public let maxTokens: Double
  /// More than 0.
  public let tokenRatio: Double

  /// - Parameters:
  ///   - maxTokens: at the beginning, and most.
  ///   - tokenRatio: what a success gives back.
  public init(maxTokens: Double = 100, tokenRatio: Double = 0.1) {
    self.maxTokens = min(max(1, maxTokens), 1000)
    self.tokenRatio = max(0.001, tokenRatio)
  }
}
