// SPDX-License-Identifier: Apache-2.0
package import Domain

/// People in PostgreSQL.
package struct PostgresAccountStore: AccountStore {
  let provisioner: TenantProvisioner
  let memory: AccountMemory
  var pool: PostgresPool { provisioner.migrator.pool }

  /// - Parameters:
  ///   - provisioner: makes the tenants of those who register.
  ///   - memory: forgets what a change here makes untrue.
  package init(provisioner: TenantProvisioner, memory: AccountMemory) {
    self.provisioner = provisioner
    self.memory = memory
  }

  // MARK: Finding

  package func credentials(
    for name: LoginName
  ) async throws(StoreError) -> StoredCredentials? {
    let (column, value) =
      switch name {
      case .email(let email): ("email", email.rawValue)
      case .username(let username): ("username", username.rawValue)
      }
    let command = Command(
      """
      SELECT \(UserColumns.list), account.password FROM public.accounts_user account
      WHERE lower(account.\(column)) = $1
      """, [.text(value)])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        StoredCredentials(
          user: try UserColumns.read(row),
          password: PasswordHash(encoded: try row.text(UserColumns.count)))
      }
    }.first
  }

  package func user(id: Int64) async throws(StoreError) -> UserAccount? {
    try await pool.run { connection throws(PostgresError) in
      try connection.user(.user(id: id))
    }
  }

  package func memberships(of user: Int64) async throws(StoreError) -> [TenantMembership] {
    let command = Command(
      """
      SELECT \(TenantColumns.list), membership.role, (
        SELECT domain FROM public.tenants_domain domain WHERE domain.tenant_id = tenant.id
        ORDER BY is_primary DESC, id LIMIT 1)
      FROM public.accounts_membership membership
      JOIN public.tenants_tenant tenant ON tenant.id = membership.tenant_id
      WHERE membership.user_id = $1 AND membership.status = 'active' AND tenant.status = 'active'
      ORDER BY tenant.name, tenant.id
      """, [.int8(user)])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        TenantMembership(
          tenant: try TenantColumns.read(row),
          primaryDomain: try row.optionalText(TenantColumns.count + 1),
          role: try Role(stored: row.text(TenantColumns.count)))
      }
    }
  }

  // MARK: Making

  package func register(
    _ tenant: NewTenant, owner: NewUser, by actor: AuditActor
  ) async throws(AccountError) -> Registration {
    guard let domain = tenant.domains.first?.lowercased() else {
      throw .invalid(field: "domain", "is missing")
    }
    return try await provisioner.create(tenant) {
      (tenant, connection: isolated PostgresConnection) throws(PostgresError) in
      guard let user = try connection.user(.insert(owner, at: actor.at)) else {
        throw .unexpected("no row for the new user")
      }
      try connection.pipeline([
        Command(
          """
          INSERT INTO public.accounts_membership (user_id, tenant_id, role, joined_at, updated_at)
          VALUES ($1, $2, 'owner', $3, $3)
          """, [.int8(user.id), .int8(tenant.id), .timestamptz(actor.at)]),
        .audit(.tenantCreated, tenant: tenant.id, "tenant:\(tenant.id)", by: actor),
        .audit(.registered, tenant: tenant.id, "user:\(user.id)", by: actor),
      ])
      return .success(Registration(tenant: tenant, primaryDomain: domain, owner: user))
    }
  }

  package func create(_ user: NewUser, by actor: AuditActor) async throws(AccountError)
    -> UserAccount
  {
    try await pool.change { connection throws(PostgresError) in
      guard let made = try connection.user(.insert(user, at: actor.at)) else {
        throw .unexpected("no row for the new user")
      }
      try connection.query(.audit(.userCreated, tenant: nil, "user:\(made.id)", by: actor))
      return .success(made)
    }
  }

  // MARK: Changing

  package func updateProfile(
    of user: Int64, by actor: AuditActor, _ change: @escaping @Sendable (inout UserProfile) -> Void
  ) async throws(AccountError) -> UserAccount {
    try await pool.change { connection throws(PostgresError) in
      guard let old = try connection.user(.user(id: user, suffix: " FOR UPDATE")) else {
        return .failure(.notFound)
      }
      var profile = old.profile
      change(&profile)
      guard profile != old.profile else { return .success(old) }
      let new = try connection.user(
        Command(
          """
          UPDATE public.accounts_user account SET first_name = $2, last_name = $3, phone = $4,
            bio = $5, timezone = $6, time_format = $7, updated_at = $8
          WHERE account.id = $1 RETURNING \(UserColumns.list)
          """,
          [
            .int8(user), .text(profile.firstName), .text(profile.lastName),
            .optional(profile.phone), .optional(profile.bio), .text(profile.timezone),
            .text(profile.timeFormat.rawValue), .timestamptz(actor.at),
          ]))
      guard let new else { return .failure(.notFound) }
      try connection.query(.audit(.profileChanged, tenant: nil, "user:\(user)", by: actor))
      return .success(new)
    }
  }

  package func setPassword(
    of user: Int64, to hash: PasswordHash, by actor: AuditActor
  ) async throws(AccountError) {
    defer { memory.forget() }
    try await pool.change { connection throws(PostgresError) -> Result<Void, AccountError> in
      guard try connection.replacePassword(of: user, by: hash, at: actor.at) != nil else {
        return .failure(.notFound)
      }
      try connection.query(.audit(.passwordChanged, tenant: nil, "user:\(user)", by: actor))
      return .success(())
    }
  }

  package func upgradePassword(
    of user: Int64, from old: PasswordHash, to new: PasswordHash
  ) async throws(StoreError) {
    let command = Command(
      "UPDATE public.accounts_user SET password = $3 WHERE id = $1 AND password = $2",
      [.int8(user), .text(old.encoded), .text(new.encoded)])
    _ = try await pool.run { connection throws(PostgresError) in try connection.query(command) }
  }

  package func setAvatar(
    of user: Int64, to key: String?, by actor: AuditActor
  ) async throws(AccountError) -> String? {
    try await pool.change { connection throws(PostgresError) in
      guard let old = try connection.user(.user(id: user, suffix: " FOR UPDATE")) else {
        return .failure(.notFound)
      }
      try connection.pipeline([
        Command(
          "UPDATE public.accounts_user SET avatar = $2, updated_at = $3 WHERE id = $1",
          [.int8(user), .optional(key), .timestamptz(actor.at)]),
        .audit(.avatarChanged, tenant: nil, "user:\(user)", by: actor),
      ])
      return .success(old.avatar)
    }
  }
}

extension Role {
  /// - Throws: for a text that the table's check does not let in.
  init(stored text: String) throws(PostgresError) {
    guard let role = Role(rawValue: text) else { throw .unexpected("an unknown role") }
    self = role
  }
}
