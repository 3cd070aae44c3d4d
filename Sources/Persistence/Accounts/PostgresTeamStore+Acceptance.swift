// SPDX-License-Identifier: Apache-2.0
package import Domain

extension PostgresTeamStore {
  package func acceptInvite(
    digest: SecretDigest, of tenant: Tenant, user: Int64, by actor: AuditActor
  ) async throws(AccountError) -> Member {
    defer { memory.forget() }
    return try await accept(digest, of: tenant, by: actor) {
      (invite, connection) throws(PostgresError) in
      guard let account = try connection.user(.user(id: user)) else { return .failure(.notFound) }
      guard account.email == invite.email else { return .failure(.wrongPerson) }
      let known = try connection.member(
        "membership.user_id = $1 AND membership.tenant_id = $2 FOR UPDATE OF membership",
        [.int8(user), .int8(tenant.id)])
      // A suspended member is not let in again by an old invite.
      if let known, known.membership.status != .inactive { return .failure(.alreadyMember) }
      try connection.query(
        Command(
          "UPDATE public.accounts_user SET email_verified = true WHERE id = $1", [.int8(user)]))
      return .success(user)
    }
  }

  package func acceptInvite(
    digest: SecretDigest, of tenant: Tenant, profile: UserProfile, password: PasswordHash,
    by actor: AuditActor
  ) async throws(AccountError) -> Member {
    try await accept(digest, of: tenant, by: actor) { (invite, connection) throws(PostgresError) in
      let username = try Self.freeUsername(for: invite.email, on: connection)
      guard let username else { return .failure(.taken(field: "username")) }
      let new = NewUser(
        email: invite.email, username: username, profile: profile, password: password)
      // The mail with the secret reached the address.
      let user = try connection.user(.insert(new, isEmailVerified: true, at: actor.at))
      guard let user else { throw .unexpected("no row for the new user") }
      try connection.query(
        .audit(.userCreated, tenant: tenant.id, "user:\(user.id)", by: actor))
      return .success(user.id)
    }
  }

  /// Locks the invite, lets `body` say who joins, and joins them.
  private func accept(
    _ digest: SecretDigest, of tenant: Tenant, by actor: AuditActor,
    _ body:
      @Sendable (Invite, isolated PostgresConnection) throws(PostgresError) -> Result<
        Int64, AccountError
      >
  ) async throws(AccountError) -> Member {
    try await pool.change { connection throws(PostgresError) in
      let found = try connection.invite(
        "invite.token_digest = $1 AND invite.tenant_id = $2 FOR UPDATE OF invite",
        [.bytea(digest.bytes), .int8(tenant.id)])
      let invite: Invite
      switch Self.usable(found, at: actor.at) {
      case .success(let usable): invite = usable
      case .failure(let refusal): return .failure(refusal)
      }
      let user: Int64
      switch try body(invite, connection) {
      case .success(let id): user = id
      case .failure(let refusal): return .failure(refusal)
      }
      try connection.pipeline([
        Command(
          """
          INSERT INTO public.accounts_membership AS membership
            (user_id, tenant_id, role, invited_by_id, joined_at, updated_at)
          SELECT $1, tenant_id, role, invited_by_id, $3, $3
          FROM public.accounts_invite WHERE id = $2
          ON CONFLICT (user_id, tenant_id) DO UPDATE SET role = EXCLUDED.role,
            status = 'active', invited_by_id = EXCLUDED.invited_by_id,
            joined_at = EXCLUDED.joined_at, updated_at = EXCLUDED.updated_at
          """, [.int8(user), .int8(invite.id), .timestamptz(actor.at)]),
        Command(
          """
          UPDATE public.accounts_invite
          SET status = 'accepted', accepted_by_id = $2, accepted_at = $3 WHERE id = $1
          """, [.int8(invite.id), .int8(user), .timestamptz(actor.at)]),
        .audit(
          .inviteAccepted, tenant: tenant.id, "invite:\(invite.id)",
          "user:\(user), role: \(invite.role.rawValue)", by: actor),
      ])
      let member = try connection.member(
        "membership.user_id = $1 AND membership.tenant_id = $2", [.int8(user), .int8(tenant.id)])
      guard let member else { throw .unexpected("no membership after it was made") }
      return .success(member)
    }
  }

  /// - Returns: nil when somebody has each of the names that were tried.
  private static func freeUsername(
    for email: EmailAddress, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Username? {
    let candidates = Username.suggestions(for: email)
    let taken = Set(
      try connection.rows(
        Command(
          "SELECT username FROM public.accounts_user WHERE lower(username) = ANY ($1)",
          [.textArray(candidates.map(\.rawValue))])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0) })
    return candidates.first { !taken.contains($0.rawValue) }
  }
}
