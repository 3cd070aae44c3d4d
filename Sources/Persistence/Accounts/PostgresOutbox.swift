// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Mails that wait to be sent, in PostgreSQL.
package struct PostgresOutbox: Outbox {
  private let pool: PostgresPool

  package init(pool: PostgresPool) {
    self.pool = pool
  }

  package func claim(
    limit: Int, lease: Duration, at now: Timestamp
  ) async throws(StoreError) -> [WaitingMail] {
    // A mail whose sender died is due again when the lease is over. SKIP LOCKED: two who claim at once
    // get different ones.
    let command = Command(
      """
      UPDATE public.accounts_mail mail SET attempts = attempts + 1, next_attempt_at = $2
      WHERE id IN (
        SELECT id FROM public.accounts_mail
        WHERE sent_at IS NULL AND failed_at IS NULL AND next_attempt_at <= $1
        ORDER BY next_attempt_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
      RETURNING id, attempts - 1, recipient, subject, body
      """,
      [.timestamptz(now), .timestamptz(now.advanced(by: lease)), .int8(Int64(limit))])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        guard let recipient = EmailAddress(try row.text(2)) else {
          throw .unexpected("a mail's recipient is not usable")
        }
        return WaitingMail(
          id: try row.int8(0), attempts: Int(try row.int4(1)),
          message: MailMessage(
            recipient: recipient, subject: try row.text(3), body: try row.text(4)))
      }
    }.sorted { $0.id < $1.id }
  }

  package func markSent(_ id: Int64, at now: Timestamp) async throws(StoreError) {
    let command = Command(
      "UPDATE public.accounts_mail SET sent_at = $2, body = '', problem = '' WHERE id = $1",
      [.int8(id), .timestamptz(now)])
    _ = try await pool.run { connection throws(PostgresError) in try connection.query(command) }
  }

  package func markFailed(
    _ id: Int64, problem: String, retryAt: Timestamp?, at now: Timestamp
  ) async throws(StoreError) {
    let command: Command
    if let retryAt {
      command = Command(
        "UPDATE public.accounts_mail SET next_attempt_at = $2, problem = $3 WHERE id = $1",
        [.int8(id), .timestamptz(retryAt), .text(problem)])
    } else {
      command = Command(
        "UPDATE public.accounts_mail SET failed_at = $2, body = '', problem = $3 WHERE id = $1",
        [.int8(id), .timestamptz(now), .text(problem)])
    }
    _ = try await pool.run { connection throws(PostgresError) in try connection.query(command) }
  }
}

extension Command {
  /// Goes into the transaction of what the mail is about.
  static func mail(_ message: MailMessage, at now: Timestamp) -> Command {
    Command(
      """
      INSERT INTO public.accounts_mail (recipient, subject, body, created_at, next_attempt_at)
      VALUES ($1, $2, $3, $4, $4)
      """,
      [
        .text(message.recipient.rawValue), .text(message.subject), .text(message.body),
        .timestamptz(now),
      ])
  }
}
