// SPDX-License-Identifier: Apache-2.0
package import Domain

extension PostgresTeamStore {
  package func invites(
    of tenant: Tenant, _ page: PageRequest
  ) async throws(StoreError) -> Page<Invite> {
    try await pool.run { connection throws(PostgresError) in
      try connection.page(
        InviteColumns.list, from: InviteColumns.from, tenant: tenant.id, key: "invite", page
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try InviteColumns.read(row) }
    }
  }

  package func invite(id: Int64, of tenant: Tenant) async throws(StoreError) -> Invite? {
    try await pool.run { connection throws(PostgresError) in
      try connection.invite(
        "invite.id = $1 AND invite.tenant_id = $2", [.int8(id), .int8(tenant.id)])
    }
  }

  package func invite(
    digest: SecretDigest, of tenant: Tenant, at now: Timestamp
  ) async throws(AccountError) -> Invite {
    let found: Invite?
    do throws(StoreError) {
      found = try await pool.run { connection throws(PostgresError) in
        try connection.invite(
          "invite.token_digest = $1 AND invite.tenant_id = $2",
          [.bytea(digest.bytes), .int8(tenant.id)])
      }
    } catch {
      throw .store(error)
    }
    return try Self.usable(found, at: now).get()
  }

  /// What an invite must be to be accepted.
  static func usable(_ invite: Invite?, at now: Timestamp) -> Result<Invite, AccountError> {
    guard let invite else { return .failure(.notFound) }
    switch invite.status(at: now) {
    case .pending: return .success(invite)
    case .expired: return .failure(.expired)
    case .accepted, .cancelled: return .failure(.notPending)
    }
  }

  // MARK: Changing

  package func createInvite(
    _ new: NewInvite, ceiling: Role, by actor: AuditActor
  ) async throws(AccountError) -> Invite {
    guard ceiling.mayAssign(new.role) else { throw .roleTooLow }
    return try await pool.change { connection throws(PostgresError) in
      let member = try connection.member(
        """
        membership.tenant_id = $1 AND lower(account.email) = $2
          AND membership.status <> 'inactive'
        """, [.int8(new.tenant.id), .text(new.email.rawValue)])
      guard member == nil else { return .failure(.alreadyMember) }
      // One whose time is over does not stand in the way.
      try connection.query(
        Command(
          """
          UPDATE public.accounts_invite SET status = 'expired'
          WHERE tenant_id = $1 AND lower(email) = $2 AND status = 'pending' AND expires_at <= $3
          """, [.int8(new.tenant.id), .text(new.email.rawValue), .timestamptz(actor.at)]))
      let ids = try connection.rows(
        Command(
          """
          INSERT INTO public.accounts_invite
            (tenant_id, email, role, message, invited_by_id, token_digest, created_at, expires_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
          """,
          [
            .int8(new.tenant.id), .text(new.email.rawValue), .text(new.role.rawValue),
            .optional(new.message), .optional(new.invitedBy), .bytea(new.digest.bytes),
            .timestamptz(actor.at), .timestamptz(new.expiresAt),
          ])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
      guard let id = ids.first else { throw .unexpected("no id for the new invite") }
      try connection.pipeline([
        .mail(new.mail, at: actor.at),
        .audit(
          .inviteCreated, tenant: new.tenant.id, "invite:\(id)", "role: \(new.role.rawValue)",
          by: actor),
      ])
      return try Self.stored(id, on: connection)
    }
  }

  package func updateInvite(
    id: Int64, of tenant: Tenant, role: Role?, message: String?, ceiling: Role, by actor: AuditActor
  ) async throws(AccountError) -> Invite {
    try await changeInvite(id, of: tenant) { (invite, connection) throws(PostgresError) in
      guard invite.status(at: actor.at) == .pending else { return .failure(.notPending) }
      let newRole = role ?? invite.role
      guard ceiling.mayAssign(invite.role), ceiling.mayAssign(newRole) else {
        return .failure(.roleTooLow)
      }
      try connection.pipeline([
        Command(
          "UPDATE public.accounts_invite SET role = $2, message = $3 WHERE id = $1",
          [.int8(id), .text(newRole.rawValue), .optional(message ?? invite.message)]),
        .audit(
          .inviteChanged, tenant: tenant.id, "invite:\(id)",
          newRole == invite.role
            ? "" : "role: \(invite.role.rawValue) → \(newRole.rawValue)", by: actor),
      ])
      return try Self.stored(id, on: connection)
    }
  }

  package func cancelInvite(
    id: Int64, of tenant: Tenant, by actor: AuditActor
  ) async throws(AccountError) {
    _ = try await changeInvite(id, of: tenant) { (invite, connection) throws(PostgresError) in
      guard invite.storedStatus == .pending else { return .failure(.notPending) }
      try connection.pipeline([
        Command(
          "UPDATE public.accounts_invite SET status = 'cancelled' WHERE id = $1", [.int8(id)]),
        .audit(.inviteCancelled, tenant: tenant.id, "invite:\(id)", by: actor),
      ])
      return .success(invite)
    }
  }

  package func renewInvite(
    id: Int64, of tenant: Tenant, digest: SecretDigest, expiresAt: Timestamp, mail: MailMessage,
    by actor: AuditActor
  ) async throws(AccountError) -> Invite {
    try await changeInvite(id, of: tenant) { (invite, connection) throws(PostgresError) in
      guard invite.storedStatus == .pending else { return .failure(.notPending) }
      try connection.pipeline([
        Command(
          "UPDATE public.accounts_invite SET token_digest = $2, expires_at = $3 WHERE id = $1",
          [.int8(id), .bytea(digest.bytes), .timestamptz(expiresAt)]),
        .mail(mail, at: actor.at),
        .audit(.inviteResent, tenant: tenant.id, "invite:\(id)", by: actor),
      ])
      return try Self.stored(id, on: connection)
    }
  }

  /// Locks the invite and changes it.
  private func changeInvite(
    _ id: Int64, of tenant: Tenant,
    _ body:
      @Sendable (Invite, isolated PostgresConnection) throws(PostgresError) -> Result<
        Invite, AccountError
      >
  ) async throws(AccountError) -> Invite {
    try await pool.change { connection throws(PostgresError) in
      let invite = try connection.invite(
        "invite.id = $1 AND invite.tenant_id = $2 FOR UPDATE OF invite",
        [.int8(id), .int8(tenant.id)])
      guard let invite else { return .failure(.notFound) }
      return try body(invite, connection)
    }
  }

  private static func stored(
    _ id: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Result<Invite, AccountError> {
    guard let invite = try connection.invite("invite.id = $1", [.int8(id)]) else {
      return .failure(.notFound)
    }
    return .success(invite)
  }
}
