// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("Whether a call is sent again")
struct CallRetriesTests {
  private typealias Decision = CallRetries.Decision

  private static let policy = RetryPolicy(
    maxAttempts: 3, initialBackoff: .seconds(1), maxBackoff: .seconds(3), backoffMultiplier: 2,
    retryableStatusCodes: [.unavailable, .aborted])

  private static func decide(
    _ retries: inout CallRetries, _ code: StatusCode = .unavailable,
    _ reach: CallRetries.Reach = .processed, _ pushback: CallRetries.Pushback = .none,
    chance: Double = 0.5
  ) -> Decision {
    var throttle: RetryThrottle?
    return retries.attemptFailed(code, reach, pushback, throttle: &throttle, chance: chance)
  }

  @Test("without a policy, only what the server has not looked at")
  func transparent() {
    var retries = CallRetries(policy: nil)
    #expect(Self.decide(&retries, .unavailable, .processed) == .fail)
    for _ in 0..<10 {
      #expect(Self.decide(&retries, .unavailable, .unsent) == .again(after: .zero))
    }
    #expect(Self.decide(&retries, .unavailable, .refused) == .again(after: .zero))
    #expect(Self.decide(&retries, .unavailable, .refused) == .fail)
    #expect(retries.previousAttempts == 0)
  }

  @Test("with a policy, as many attempts as it says, after growing waits")
  func attempts() {
    var retries = CallRetries(policy: Self.policy)
    #expect(Self.decide(&retries, chance: 0) == .again(after: .milliseconds(800)))
    #expect(retries.previousAttempts == 1)
    #expect(Self.decide(&retries) == .again(after: .seconds(2)))
    #expect(retries.previousAttempts == 2)
    #expect(Self.decide(&retries) == .fail)
    #expect(retries.previousAttempts == 2)
  }

  @Test("a wait never exceeds the longest by more than chance")
  func longest() {
    #expect(Self.policy.delay(step: 60, chance: 0.5) == .seconds(3))
    #expect(Self.policy.delay(step: 2000, chance: 0.5) == .seconds(3))
  }

  @Test("attempts are at most 5 and at least 1", arguments: [(0, 1), (1, 1), (5, 5), (6, 5)])
  func mostAttempts(asked: Int, taken: Int) {
    #expect(RetryPolicy(maxAttempts: asked).maxAttempts == taken)
  }

  @Test("only after the codes that the policy names")
  func codes() {
    for code in StatusCode.allCases where code != .ok {
      var retries = CallRetries(policy: Self.policy)
      let isRetried = Self.decide(&retries, code) != .fail
      #expect(isRetried == (code == .unavailable || code == .aborted))
    }
  }

  @Test("the server says when, and whether")
  func pushback() {
    var retries = CallRetries(policy: Self.policy)
    #expect(Self.decide(&retries) == .again(after: .seconds(1)))
    #expect(
      Self.decide(&retries, .unavailable, .processed, .after(.milliseconds(7)))
        == .again(after: .milliseconds(7)))
    retries = CallRetries(policy: Self.policy)
    #expect(Self.decide(&retries, .unavailable, .processed, .never) == .fail)
    // Not retryable stays not retryable.
    #expect(Self.decide(&retries, .notFound, .processed, .after(.zero)) == .fail)
  }

  @Test("pushback is a number of milliseconds; anything else means never")
  func pushbackText() {
    let texts: [(String, CallRetries.Pushback)] = [
      ("0", .after(.zero)), ("25", .after(.milliseconds(25))), ("-1", .never), ("", .never),
      ("soon", .never), ("1.5", .never), ("99999999999999999999", .never),
    ]
    for (text, expected) in texts {
      var trailers = HeaderList()
      trailers.append("grpc-retry-pushback-ms", text)
      #expect(CallRetries.Pushback(trailers) == expected, "\(text)")
    }
    #expect(CallRetries.Pushback(HeaderList()) == .none)
  }

  @Test("no retries while half of the tokens, or more, are gone")
  func throttling() {
    var throttle: RetryThrottle? = RetryThrottle(RetryThrottling(maxTokens: 4, tokenRatio: 0.5))
    func retried() -> Bool {
      var retries = CallRetries(policy: Self.policy)
      return retries.attemptFailed(
        .unavailable, .processed, .none, throttle: &throttle, chance: 0) != .fail
    }
    // 4 → 3, 3 → 2.
    #expect(retried())
    #expect(!retried())
    throttle?.succeeded()
    throttle?.succeeded()
    // 3 → 2: still not more than half.
    #expect(!retried())
    for _ in 0..<4 { throttle?.succeeded() }
    #expect(throttle?.tokens == 4)
    #expect(retried())
    for _ in 0..<10 { _ = retried() }
    #expect(throttle?.tokens == 0)
  }

  @Test("the most particular entry of a service config counts")
  func serviceConfig() {
    let config = ServiceConfig(
      methods: ["/a.A/B": MethodConfig(timeout: .seconds(1))],
      services: ["a.A": MethodConfig(timeout: .seconds(2))],
      fallback: MethodConfig(timeout: .seconds(3)))
    func timeout(_ service: String, _ method: String) -> Duration? {
      config.config(for: MethodDescriptor(service: service, method: method, kind: .unary))?.timeout
    }
    #expect(timeout("a.A", "B") == .seconds(1))
    #expect(timeout("a.A", "C") == .seconds(2))
    #expect(timeout("b.B", "B") == .seconds(3))
    let none = MethodDescriptor(service: "a.A", method: "B", kind: .unary)
    #expect(ServiceConfig().config(for: none) == nil)
  }
}
