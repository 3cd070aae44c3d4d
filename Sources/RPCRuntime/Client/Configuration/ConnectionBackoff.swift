// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How long to wait between attempts to connect (gRPC "Connection Backoff Protocol"). Counted from the
/// beginning of an attempt.
public struct ConnectionBackoff: Hashable, Sendable {
  /// After the first failure. Default 1 s.
  public var initial = Duration.seconds(1)
  /// Growth with each further failure. Default 1.6.
  public var multiplier = 1.6
  /// Part of the wait that chance adds or takes away, so that clients of a server that comes back do not
  /// all arrive at once. Default 0.2.
  public var jitter = 0.2
  /// Longest wait before chance. Default 120 s.
  public var maximum = Duration.seconds(120)
  /// Least time that an attempt gets, from the first packet to the server's SETTINGS. Default 20 s.
  public var minConnectTimeout = Duration.seconds(20)

  /// The defaults.
  public init() {}

  /// - Parameters:
  ///   - failures: in a row, at least 1.
  ///   - chance: 0 ..< 1.
  func delay(after failures: Int, chance: Double) -> TimeAmount {
    var nanoseconds = Double(TimeAmount(initial).nanoseconds)
    let most = Double(TimeAmount(maximum).nanoseconds)
    for _ in 1..<max(2, failures) where failures > 1 && nanoseconds < most {
      nanoseconds *= multiplier
    }
    nanoseconds = min(nanoseconds, most) * (1 + jitter * (2 * chance - 1))
    return .nanoseconds(Int64(max(0, min(nanoseconds, 1e18))))
  }
}
