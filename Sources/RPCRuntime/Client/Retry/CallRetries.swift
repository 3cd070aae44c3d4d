// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Decides whether one call is sent again (gRPC A6).
struct CallRetries {
  /// How far a failed attempt got.
  enum Reach {
    /// Nothing of it was written.
    case unsent
    /// The server says that it did not look at it: REFUSED_STREAM, or beyond GOAWAY's last stream.
    case refused
    /// The server may have done what was asked.
    case processed
  }

  /// What the server says about sending the call again (`grpc-retry-pushback-ms`).
  enum Pushback: Hashable {
    case none
    case after(TimeAmount)
    /// A negative number, or none at all.
    case never

    init(_ trailers: HeaderList) {
      guard let text = trailers["grpc-retry-pushback-ms"] else {
        self = .none
        return
      }
      guard let milliseconds = Int32(text), milliseconds >= 0 else {
        self = .never
        return
      }
      self = .after(.milliseconds(Int64(milliseconds)))
    }
  }

  enum Decision: Hashable {
    case fail
    case again(after: TimeAmount)
  }

  let policy: RetryPolicy?
  /// Attempts that a server may have seen, for `grpc-previous-rpc-attempts`.
  private(set) var previousAttempts = 0
  private var backoffStep = 0
  private var wasRefused = false

  init(policy: RetryPolicy?) {
    self.policy = policy
  }

  /// - Parameters:
  ///   - code: how the attempt ended.
  ///   - throttle: the client's; gets a failure noted that the policy calls one.
  ///   - chance: 0 ..< 1.
  mutating func attemptFailed(
    _ code: StatusCode, _ reach: Reach, _ pushback: Pushback, throttle: inout RetryThrottle?,
    chance: Double
  ) -> Decision {
    switch reach {
    case .unsent: return .again(after: .zero)
    case .refused where !wasRefused:
      // Once only: the second time the policy decides.
      wasRefused = true
      return .again(after: .zero)
    case .refused, .processed: break
    }
    guard let policy else { return .fail }
    let isRetryable = policy.retryableStatusCodes.contains(code)
    if isRetryable || pushback == .never { throttle?.failed() }
    guard isRetryable, previousAttempts + 1 < policy.maxAttempts,
      throttle?.allowsRetries ?? true
    else { return .fail }
    let delay: TimeAmount
    switch pushback {
    case .never: return .fail
    case .after(let asked):
      delay = asked
      backoffStep = 0
    case .none:
      delay = policy.delay(step: backoffStep, chance: chance)
      backoffStep += 1
    }
    previousAttempts += 1
    return .again(after: delay)
  }
}
