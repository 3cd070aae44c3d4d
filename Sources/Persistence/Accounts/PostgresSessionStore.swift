// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Sessions in PostgreSQL. The first refresh token of a session has number 0.
package struct PostgresSessionStore: SessionStore {
  private let pool: PostgresPool
  private let memory: AccountMemory
  private let clock: WallClock

  package init(pool: PostgresPool, memory: AccountMemory, clock: WallClock) {
    self.pool = pool
    self.memory = memory
    self.clock = clock
  }

  package func open(_ session: UserSession, by actor: AuditActor) async throws(StoreError) {
    try await pool.run { connection throws(PostgresError) in
      _ = try connection.pipeline([
        .begin,
        Command(
          """
          INSERT INTO public.accounts_session
            (id, user_id, tenant_id, created_at, last_used_at, expires_at, ip_address, user_agent)
          VALUES ($1, $2, $3, $4, $5, $6, left($7, 64), left($8, 300))
          """,
          [
            .text(session.id.text), .int8(session.user), .int8(session.tenant),
            .timestamptz(session.createdAt), .timestamptz(session.lastUsedAt),
            .timestamptz(session.expiresAt), .text(session.origin.address),
            .text(session.origin.userAgent),
          ]),
        Command(
          """
          UPDATE public.accounts_user SET last_login = $2, last_login_ip = left($3, 64)
          WHERE id = $1
          """,
          [.int8(session.user), .timestamptz(actor.at), .text(session.origin.address)]),
        Command(
          """
          DELETE FROM public.accounts_lockout USING public.accounts_user account
          WHERE account.id = $1 AND name IN (account.email, account.username)
          """, [.int8(session.user)]),
        .audit(.signedIn, tenant: session.tenant, "user:\(session.user)", by: actor),
        .commit,
      ])
    }
  }

  // MARK: On every call

  package func grant(
    _ session: SessionID, tenant: Int64
  ) async throws(StoreError) -> SessionGrant? {
    let now = clock.now()
    let key = AccountMemory.GrantKey(session: session, tenant: tenant)
    let known = try await memory.grants.value(key) { () async throws(StoreError) in
      let command = Command(
        """
        SELECT \(Self.grantColumns) FROM public.accounts_session session \(Self.grantJoins)
        WHERE session.id = $1 AND session.tenant_id = $2 AND session.expires_at > $3
          AND \(Self.grantConditions)
        """, [.text(session.text), .int8(tenant), .timestamptz(now)])
      return try await pool.run { connection throws(PostgresError) in
        try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
          try Self.grant(row)
        }
      }.first
    }
    guard let known, now < known.expiresAt else { return nil }
    return known.grant
  }

  // MARK: Refreshing

  package func rotate(
    _ session: SessionID, tenant: Int64, seq: Int64, expiresAt: Timestamp, by actor: AuditActor
  ) async throws(StoreError) -> Rotation {
    let rotation = try await pool.run { connection throws(PostgresError) -> Rotation in
      // One statement: of two who present the same number at once, the second finds it gone.
      let rotated = try connection.rows(
        Command(
          """
          UPDATE public.accounts_session session
          SET seq = session.seq + 1, last_used_at = $4, expires_at = $5,
            ip_address = left($6, 64), user_agent = left($7, 300)
          FROM public.accounts_user account, public.accounts_membership membership,
            public.tenants_tenant tenant
          WHERE session.id = $1 AND session.tenant_id = $2 AND session.seq = $3
            AND session.expires_at > $4 AND account.id = session.user_id
            AND membership.user_id = session.user_id
            AND membership.tenant_id = session.tenant_id AND tenant.id = session.tenant_id
            AND \(Self.grantConditions)
          RETURNING \(Self.grantColumns)
          """,
          [
            .text(session.text), .int8(tenant), .int8(seq), .timestamptz(actor.at),
            .timestamptz(expiresAt), .text(actor.origin.address), .text(actor.origin.userAgent),
          ])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try Self.grant(row) }.first
      if let rotated { return .rotated(seq: seq + 1, rotated.grant) }
      return try Self.revokeReused(
        session, tenant: tenant, seq: seq, by: actor, on: connection)
    }
    if rotation == .reused { memory.forget() }
    return rotation
  }

  /// A session whose number is past the one presented: somebody else has its tokens.
  private static func revokeReused(
    _ session: SessionID, tenant: Int64, seq: Int64, by actor: AuditActor,
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Rotation {
    try connection.query(.begin)
    let owners = try connection.rows(
      Command(
        """
        UPDATE public.accounts_session SET revoked_at = $4
        WHERE id = $1 AND tenant_id = $2 AND seq > $3 AND revoked_at IS NULL
          AND expires_at > $4
        RETURNING user_id
        """,
        [.text(session.text), .int8(tenant), .int8(seq), .timestamptz(actor.at)])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
    for user in owners {
      try connection.query(.audit(.refreshReused, tenant: tenant, "user:\(user)", by: actor))
    }
    try connection.query(.commit)
    return owners.isEmpty ? .invalid : .reused
  }

  // MARK: Revoking

  package func revoke(
    _ session: SessionID, of user: Int64?, action: AuditEvent.Action, by actor: AuditActor
  ) async throws(StoreError) -> Bool {
    defer { memory.forget() }
    return try await pool.run { connection throws(PostgresError) in
      try connection.query(.begin)
      let revoked = try connection.rows(
        Command(
          """
          UPDATE public.accounts_session SET revoked_at = $3
          WHERE id = $1 AND ($2 IS NULL OR user_id = $2) AND revoked_at IS NULL
          RETURNING user_id, tenant_id
          """, [.text(session.text), .optional(user), .timestamptz(actor.at)])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        (user: try row.int8(0), tenant: try row.int8(1))
      }.first
      if let revoked {
        try connection.query(
          .audit(action, tenant: revoked.tenant, "user:\(revoked.user)", by: actor))
      }
      try connection.query(.commit)
      return revoked != nil
    }
  }

  package func revokeAll(
    of user: Int64, except kept: SessionID?, by actor: AuditActor
  ) async throws(StoreError) -> Int {
    defer { memory.forget() }
    return try await pool.run { connection throws(PostgresError) in
      try connection.query(.begin)
      let count = try connection.query(
        Command(
          """
          UPDATE public.accounts_session SET revoked_at = $3
          WHERE user_id = $1 AND ($2 IS NULL OR id <> $2) AND revoked_at IS NULL
            AND expires_at > $3
          """, [.int8(user), .optional(kept?.text), .timestamptz(actor.at)]))
      if count > 0 {
        try connection.query(
          .audit(
            .sessionRevoked, tenant: nil, "user:\(user)", "\(count) sessions", by: actor))
      }
      try connection.query(.commit)
      return count
    }
  }

  package func sessions(
    of user: Int64, tenant: Int64
  ) async throws(StoreError) -> [UserSession] {
    let command = Command(
      """
      SELECT id, created_at, last_used_at, expires_at, ip_address, user_agent
      FROM public.accounts_session
      WHERE user_id = $1 AND tenant_id = $2 AND revoked_at IS NULL AND expires_at > $3
      ORDER BY created_at DESC, id
      """, [.int8(user), .int8(tenant), .timestamptz(clock.now())])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        UserSession(
          id: SessionID(text: try row.text(0)), user: user, tenant: tenant,
          createdAt: try row.timestamptz(1), lastUsedAt: try row.timestamptz(2),
          expiresAt: try row.timestamptz(3),
          origin: CallOrigin(address: try row.text(4), userAgent: try row.text(5)))
      }
    }
  }

  // MARK: A grant

  private static let grantColumns = """
    session.id, session.user_id, account.subject, membership.role, session.expires_at,
    \(TenantColumns.list)
    """

  private static let grantJoins = """
    JOIN public.accounts_user account ON account.id = session.user_id
    JOIN public.accounts_membership membership ON membership.user_id = session.user_id
      AND membership.tenant_id = session.tenant_id
    JOIN public.tenants_tenant tenant ON tenant.id = session.tenant_id
    """

  private static let grantConditions = """
    session.revoked_at IS NULL AND account.is_active AND membership.status = 'active'
    AND tenant.status = 'active'
    """

  private static func grant(
    _ row: borrowing PostgresRow
  ) throws(PostgresError) -> AccountMemory.Grant {
    AccountMemory.Grant(
      grant: SessionGrant(
        session: SessionID(text: try row.text(0)), user: try row.int8(1),
        subject: UserSubject(text: try row.text(2)),
        tenant: try TenantColumns.read(row, from: 5), role: try Role(stored: row.text(3))),
      expiresAt: try row.timestamptz(4))
  }
}
