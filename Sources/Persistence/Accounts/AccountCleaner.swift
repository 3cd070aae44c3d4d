// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Removes what nobody needs any more, so that the tables do not grow with every login.
package struct AccountCleaner: Sendable {
  /// How long things stay after their end.
  package struct Retention: Hashable, Sendable {
    /// Sessions, for the question who was signed in. Default 30 days.
    package var sessions: Duration = .seconds(30 * 86_400)
    /// Mails that were sent or given up; their text is blank already. Default 30 days.
    package var mails: Duration = .seconds(30 * 86_400)
    /// Failed logins. Default 1 day.
    package var failures: Duration = .seconds(86_400)
    /// The audit. Default 400 days: more than a year.
    package var audit: Duration = .seconds(400 * 86_400)

    package init() {}
  }

  /// Rows removed (invites: marked as expired).
  package struct Report: Hashable, Sendable {
    package var sessions = 0
    package var resets = 0
    package var invites = 0
    package var failures = 0
    package var mails = 0
    package var audit = 0
  }

  private let pool: PostgresPool
  private let retention: Retention

  package init(pool: PostgresPool, retention: Retention = Retention()) {
    self.pool = pool
    self.retention = retention
  }

  package func clean(at now: Timestamp) async throws(StoreError) -> Report {
    func before(_ duration: Duration) -> PostgresValue {
      .timestamptz(now.advanced(by: .zero - duration))
    }
    let commands = [
      Command(
        "DELETE FROM public.accounts_session WHERE expires_at <= $1 OR revoked_at <= $1",
        [before(retention.sessions)]),
      Command("DELETE FROM public.accounts_passwordreset WHERE expires_at <= $1", [before(.zero)]),
      Command(
        """
        UPDATE public.accounts_invite SET status = 'expired'
        WHERE status = 'pending' AND expires_at <= $1
        """, [before(.zero)]),
      Command(
        """
        DELETE FROM public.accounts_lockout
        WHERE last_failure_at <= $1 AND (locked_until IS NULL OR locked_until <= $1)
        """, [before(retention.failures)]),
      Command(
        "DELETE FROM public.accounts_mail WHERE sent_at <= $1 OR failed_at <= $1",
        [before(retention.mails)]),
      Command("DELETE FROM public.accounts_audit WHERE at <= $1", [before(retention.audit)]),
    ]
    return try await pool.run { connection throws(PostgresError) in
      let counts = try connection.pipeline(commands)
      return Report(
        sessions: counts[0], resets: counts[1], invites: counts[2], failures: counts[3],
        mails: counts[4], audit: counts[5])
    }
  }
}
