// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Members and invites in PostgreSQL.
package struct PostgresTeamStore: TeamStore {
  let pool: PostgresPool
  let memory: AccountMemory

  package init(pool: PostgresPool, memory: AccountMemory) {
    self.pool = pool
    self.memory = memory
  }

  // MARK: Reading

  package func members(
    of tenant: Tenant, _ page: PageRequest
  ) async throws(StoreError) -> Page<Member> {
    try await pool.run { connection throws(PostgresError) in
      try connection.page(
        MemberColumns.list, from: MemberColumns.from, tenant: tenant.id, key: "membership", page
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try MemberColumns.read(row) }
    }
  }

  package func member(id: Int64, of tenant: Tenant) async throws(StoreError) -> Member? {
    try await pool.run { connection throws(PostgresError) in
      try connection.member(
        "membership.id = $1 AND membership.tenant_id = $2", [.int8(id), .int8(tenant.id)])
    }
  }

  package func member(user: Int64, of tenant: Tenant) async throws(StoreError) -> Member? {
    try await pool.run { connection throws(PostgresError) in
      try connection.member(
        "membership.user_id = $1 AND membership.tenant_id = $2", [.int8(user), .int8(tenant.id)])
    }
  }

  package func stats(of tenant: Tenant, at now: Timestamp) async throws(StoreError) -> TeamStats {
    try await pool.run { connection throws(PostgresError) in
      var stats = TeamStats(total: 0, pendingInvites: 0, byRole: [:], byStatus: [:])
      try connection.pipeline([
        Command(
          """
          SELECT role, status, count(*) FROM public.accounts_membership
          WHERE tenant_id = $1 GROUP BY role, status
          """, [.int8(tenant.id)]),
        Command(
          """
          SELECT count(*) FROM public.accounts_invite
          WHERE tenant_id = $1 AND status = 'pending' AND expires_at > $2
          """, [.int8(tenant.id), .timestamptz(now)]),
      ]) { (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
        guard number == 0 else {
          stats.pendingInvites = Int(try row.int8(0))
          return
        }
        let count = Int(try row.int8(2))
        guard let status = MembershipStatus(rawValue: try row.text(1)) else {
          throw .unexpected("an unknown status")
        }
        stats.total += count
        stats.byStatus[status, default: 0] += count
        if status == .active { stats.byRole[try Role(stored: row.text(0)), default: 0] += count }
      }
      return stats
    }
  }

  // MARK: Changing

  package func updateMember(
    id: Int64, of tenant: Tenant, role: Role?, status: MembershipStatus?, ceiling: Role,
    by actor: AuditActor
  ) async throws(AccountError) -> Member {
    defer { memory.forget() }
    return try await pool.change { connection throws(PostgresError) in
      let owners = try Self.lockOwners(of: tenant, on: connection)
      guard let old = try Self.find(id, tenant, on: connection) else { return .failure(.notFound) }
      let before = old.membership
      let newRole = role ?? before.role
      let newStatus = status ?? before.status
      guard ceiling.mayAssign(before.role), ceiling.mayAssign(newRole) else {
        return .failure(.roleTooLow)
      }
      let staysOwner = newRole == .owner && newStatus == .active
      if owners.contains(id), !staysOwner, owners.count == 1 { return .failure(.lastOwner) }
      guard newRole != before.role || newStatus != before.status else { return .success(old) }
      var commands = [
        Command(
          """
          UPDATE public.accounts_membership SET role = $2, status = $3, updated_at = $4
          WHERE id = $1
          """,
          [
            .int8(id), .text(newRole.rawValue), .text(newStatus.rawValue),
            .timestamptz(actor.at),
          ]),
        .audit(
          newStatus == .inactive && before.status != .inactive ? .memberRemoved : .memberChanged,
          tenant: tenant.id, "member:\(id)",
          Self.difference(before, newRole, newStatus), by: actor),
      ]
      if newStatus != .active {
        commands.append(
          Command(
            """
            UPDATE public.accounts_session SET revoked_at = $3
            WHERE user_id = $1 AND tenant_id = $2 AND revoked_at IS NULL
            """, [.int8(before.user), .int8(tenant.id), .timestamptz(actor.at)]))
      }
      try connection.pipeline(commands)
      guard let new = try Self.find(id, tenant, on: connection) else {
        return .failure(.notFound)
      }
      return .success(new)
    }
  }

  /// Locks the tenant's memberships, always in the same order, so that two changes at once cannot both
  /// believe that the other's owner remains.
  /// - Returns: those of its active owners.
  private static func lockOwners(
    of tenant: Tenant, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Set<Int64> {
    try connection.query(
      Command(
        """
        SELECT id FROM public.accounts_membership WHERE tenant_id = $1 ORDER BY id FOR UPDATE
        """, [.int8(tenant.id)]))
    return Set(
      try connection.rows(
        Command(
          """
          SELECT membership.id FROM public.accounts_membership membership
          JOIN public.accounts_user account ON account.id = membership.user_id
          WHERE membership.tenant_id = $1 AND membership.role = 'owner'
            AND membership.status = 'active' AND account.is_active
          """, [.int8(tenant.id)])
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) })
  }

  private static func find(
    _ id: Int64, _ tenant: Tenant, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Member? {
    try connection.member(
      "membership.id = $1 AND membership.tenant_id = $2", [.int8(id), .int8(tenant.id)])
  }

  private static func difference(
    _ old: Membership, _ role: Role, _ status: MembershipStatus
  ) -> String {
    var parts: [String] = []
    if role != old.role { parts.append("role: \(old.role.rawValue) → \(role.rawValue)") }
    if status != old.status {
      parts.append("status: \(old.status.rawValue) → \(status.rawValue)")
    }
    return parts.joined(separator: ", ")
  }
}
