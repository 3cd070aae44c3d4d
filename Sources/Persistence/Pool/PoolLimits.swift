// SPDX-License-Identifier: Apache-2.0

/// How much a pool takes on.
package struct PoolLimits: Sendable {
  /// Most connections; each is a thread here (512 KiB of address space, some tens of KiB touched) and a
  /// process on the server. Default 6: three per core of a small machine, and two nodes with two roles
  /// stay far below PostgreSQL's default of 100.
  package var connections = 6
  /// Most callers waiting for a connection; one more is told `.overloaded` at once. Default 1,000.
  package var waiters = 1_000
  /// Longest wait for a connection; then `.overloaded`. Default 5 s: longer than that, whoever asked has
  /// given up.
  package var acquireTimeout: Duration = .seconds(5)
  /// Pause after the first failed attempt to connect; doubles with each further one. Default 100 ms.
  package var firstBackoff: Duration = .milliseconds(100)
  /// Longest pause between attempts to connect. Default 5 s: the time to notice that it is back.
  package var longestBackoff: Duration = .seconds(5)
  /// Tenants' schemas that a connection may have used; then another takes its place. Default 100. PostgreSQL's
  /// process keeps what it has learnt about a table (relation and catalogue caches, some 250 kB a schema) for as
  /// long as it lives: 34 MB for 100 schemas, 260 MB for 1,000; to connect takes some 10 ms.
  package var schemasPerConnection = 100
  /// Longest that a connection is used; chance takes off at most a tenth, so that those made together do not
  /// all end together. Default an hour, as other pools have it: for what grows that is not counted.
  package var longestLife: Duration = .seconds(3_600)

  package init() {}

  /// - Parameters:
  ///   - failures: attempts that failed in a row, at least 1.
  ///   - random: 0 ..< 1; spreads the attempts of many pools over the second half of the pause.
  func backoff(afterFailures failures: Int, random: Double) -> Duration {
    var pause = firstBackoff
    for _ in 1..<max(2, min(failures, 32)) where failures > 1 && pause < longestBackoff {
      pause = pause * 2
    }
    return min(pause, longestBackoff) * (0.5 + random / 2)
  }
}

/// Time and chance, so that tests decide about both.
package struct PoolClock: Sendable {
  /// Monotonic, from any origin.
  package var now: @Sendable () -> Duration
  package var sleep: @Sendable (Duration) async throws -> Void
  /// 0 ..< 1.
  package var random: @Sendable () -> Double

  package init(
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    random: @escaping @Sendable () -> Double
  ) {
    self.now = now
    self.sleep = sleep
    self.random = random
  }

  /// The machine's.
  package static var system: PoolClock {
    let start = ContinuousClock.now
    return PoolClock(
      now: { start.duration(to: .now) },
      sleep: { try await Task.sleep(for: $0) },
      random: { .random(in: 0..<1) })
  }
}
