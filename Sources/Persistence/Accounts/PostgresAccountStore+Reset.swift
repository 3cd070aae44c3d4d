// SPDX-License-Identifier: Apache-2.0
package import Domain

extension PostgresAccountStore {
  package func requestReset(
    of user: Int64, digest: SecretDigest, expiresAt: Timestamp, mail: MailMessage,
    by actor: AuditActor
  ) async throws(AccountError) {
    try await pool.change { connection throws(PostgresError) -> Result<Void, AccountError> in
      guard try connection.user(.user(id: user, suffix: " FOR UPDATE")) != nil else {
        return .failure(.notFound)
      }
      try connection.pipeline([
        Command("DELETE FROM public.accounts_passwordreset WHERE user_id = $1", [.int8(user)]),
        Command(
          """
          INSERT INTO public.accounts_passwordreset (user_id, token_digest, created_at, expires_at)
          VALUES ($1, $2, $3, $4)
          """,
          [.int8(user), .bytea(digest.bytes), .timestamptz(actor.at), .timestamptz(expiresAt)]),
        .mail(mail, at: actor.at),
        .audit(.resetRequested, tenant: nil, "user:\(user)", by: actor),
      ])
      return .success(())
    }
  }

  package func resetRequest(
    digest: SecretDigest, at now: Timestamp
  ) async throws(AccountError) -> UserAccount {
    let command = Command(
      """
      SELECT \(UserColumns.list), reset.expires_at FROM public.accounts_passwordreset reset
      JOIN public.accounts_user account ON account.id = reset.user_id AND account.is_active
      WHERE reset.token_digest = $1
      """, [.bytea(digest.bytes)])
    let found: (user: UserAccount, expiresAt: Timestamp)?
    do throws(StoreError) {
      found = try await pool.run { connection throws(PostgresError) in
        try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
          (try UserColumns.read(row), try row.timestamptz(UserColumns.count))
        }
      }.first
    } catch {
      throw .store(error)
    }
    guard let found else { throw .notFound }
    guard now < found.expiresAt else { throw .expired }
    return found.user
  }

  package func reset(
    digest: SecretDigest, to hash: PasswordHash, by actor: AuditActor
  ) async throws(AccountError) -> UserAccount {
    defer { memory.forget() }
    return try await pool.change { connection throws(PostgresError) in
      // Of two who use the secret at once, one finds the row gone.
      let used = try connection.rows(
        Command(
          """
          DELETE FROM public.accounts_passwordreset WHERE token_digest = $1
          RETURNING user_id, expires_at
          """, [.bytea(digest.bytes)])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        (user: try row.int8(0), expiresAt: try row.timestamptz(1))
      }.first
      guard let used else { return .failure(.notFound) }
      guard actor.at < used.expiresAt else { return .failure(.expired) }
      guard let user = try connection.replacePassword(of: used.user, by: hash, at: actor.at),
        user.isActive
      else { return .failure(.notFound) }
      try connection.pipeline([
        // Whoever has the mail has the address.
        Command(
          "UPDATE public.accounts_user SET email_verified = true WHERE id = $1", [.int8(user.id)]),
        Command(
          "DELETE FROM public.accounts_lockout WHERE name IN ($1, $2)",
          [.text(user.email.rawValue), .text(user.username.rawValue)]),
        .audit(.passwordReset, tenant: nil, "user:\(user.id)", by: actor),
      ])
      var verified = user
      verified.isEmailVerified = true
      return .success(verified)
    }
  }
}

extension PostgresConnection {
  /// Also revokes the user's sessions and forgets a reset that was asked for.
  /// - Returns: nil when there is no such user.
  func replacePassword(
    of user: Int64, by hash: PasswordHash, at now: Timestamp
  ) throws(PostgresError) -> UserAccount? {
    let changed = try self.user(
      Command(
        """
        UPDATE public.accounts_user account SET password = $2, updated_at = $3
        WHERE account.id = $1 RETURNING \(UserColumns.list)
        """, [.int8(user), .text(hash.encoded), .timestamptz(now)]))
    guard let changed else { return nil }
    try pipeline([
      Command("DELETE FROM public.accounts_passwordreset WHERE user_id = $1", [.int8(user)]),
      Command(
        """
        UPDATE public.accounts_session SET revoked_at = $2
        WHERE user_id = $1 AND revoked_at IS NULL
        """, [.int8(user), .timestamptz(now)]),
    ])
    return changed
  }
}
