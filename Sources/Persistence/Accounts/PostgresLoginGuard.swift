// SPDX-License-Identifier: Apache-2.0
package import Domain

/// How many wrong passwords lock a name, and for how long.
package struct LockoutPolicy: Hashable, Sendable {
  /// Failures in a row that lock the name. Default 5: nobody mistypes so often.
  package var threshold: Int32 = 5
  /// The first lock. Each further failure doubles it. Default 1 min.
  package var firstLock: Duration = .seconds(60)
  /// Default 15 min: at most some hundred guesses a day and name.
  package var longestLock: Duration = .seconds(15 * 60)
  /// Silence after which failures are forgotten. Default 1 h.
  package var memory: Duration = .seconds(3_600)

  package init() {}
}

/// Failed logins in PostgreSQL, counted per name, whether or not somebody is called so.
package struct PostgresLoginGuard: LoginGuard {
  private let pool: PostgresPool
  private let policy: LockoutPolicy

  package init(pool: PostgresPool, policy: LockoutPolicy = LockoutPolicy()) {
    self.pool = pool
    self.policy = policy
  }

  package func lockout(
    of name: String, at now: Timestamp
  ) async throws(StoreError) -> Duration? {
    let command = Command(
      "SELECT locked_until FROM public.accounts_lockout WHERE name = $1 AND locked_until > $2",
      [.text(Self.key(name)), .timestamptz(now)])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        try row.timestamptz(0)
      }
    }.first.map { $0.since(now) }
  }

  package func noteFailure(
    of name: String, user: Int64?, tenant: Int64?, by actor: AuditActor
  ) async throws(StoreError) {
    // One statement, so that failures at the same time are all counted.
    let count = Command(
      """
      INSERT INTO public.accounts_lockout AS known (name, failures, last_failure_at, locked_until)
      VALUES ($1, 1, $2, CASE WHEN 1 >= $3 THEN $2 + make_interval(secs => $4) END)
      ON CONFLICT (name) DO UPDATE SET
        failures = CASE WHEN known.last_failure_at < $2 - make_interval(secs => $6) THEN 1
          ELSE known.failures + 1 END,
        last_failure_at = greatest(known.last_failure_at, $2),
        locked_until = CASE
          WHEN known.last_failure_at < $2 - make_interval(secs => $6) THEN
            CASE WHEN 1 >= $3 THEN $2 + make_interval(secs => $4) END
          WHEN known.failures + 1 >= $3 THEN
            $2 + make_interval(secs =>
              least($5, $4 * 2::float8 ^ least(known.failures + 1 - $3, 30)::float8))
        END
      RETURNING failures, locked_until
      """,
      [
        .text(Self.key(name)), .timestamptz(actor.at), .int4(policy.threshold),
        .float8(policy.firstLock.seconds), .float8(policy.longestLock.seconds),
        .float8(policy.memory.seconds),
      ])
    let subject = user.map { "user:\($0)" } ?? ""
    try await pool.run { connection throws(PostgresError) in
      try connection.query(.begin)
      let outcome = try connection.rows(count) {
        (row: borrowing PostgresRow) throws(PostgresError) in
        (failures: try row.int4(0), until: try row.optionalTimestamptz(1))
      }.first
      var commands = [Command.audit(.signInFailed, tenant: tenant, subject, by: actor)]
      if let outcome, let until = outcome.until {
        let seconds = until.since(actor.at).components.seconds
        commands.append(
          .audit(
            .signInLocked, tenant: tenant, subject,
            "\(outcome.failures) failures: locked for \(seconds) s", by: actor))
      }
      _ = try connection.pipeline(commands + [.commit])
    }
  }

  package func noteSuccess(of name: String) async throws(StoreError) {
    let command = Command(
      "DELETE FROM public.accounts_lockout WHERE name = $1", [.text(Self.key(name))])
    _ = try await pool.run { connection throws(PostgresError) in try connection.query(command) }
  }

  /// Longer than any name that exists: what is beyond does not matter.
  private static func key(_ name: String) -> String {
    String(String.UnicodeScalarView(name.lowercased().unicodeScalars.prefix(254)))
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) }
}
