// SPDX-License-Identifier: Apache-2.0

import Domain

extension MemoryAccounts: AccountStore {
  func credentials(for name: LoginName) async throws(StoreError) -> StoredCredentials? {
    try asked { state in
      state.users.first { user in
        switch name {
        case .email(let email): user.account.email == email
        case .username(let username): user.account.username == username
        }
      }.map { StoredCredentials(user: $0.account, password: $0.password) }
    }
  }

  func user(id: Int64) async throws(StoreError) -> UserAccount? {
    try asked { $0.user(id)?.account }
  }

  func memberships(of user: Int64) async throws(StoreError) -> [TenantMembership] {
    try asked { state in
      state.memberships.filter { $0.user == user && $0.status == .active }.compactMap { member in
        guard let record = state.tenants.first(where: { $0.tenant.id == member.tenant }),
          !record.tenant.isSuspended
        else { return nil }
        return TenantMembership(
          tenant: record.tenant, primaryDomain: record.domains.first, role: member.role)
      }
    }
  }

  func register(
    _ tenant: NewTenant, owner: NewUser, by actor: AuditActor
  ) async throws(AccountError) -> Registration {
    try changed { state throws(AccountError) in
      let made = try state.add(tenant, at: actor.at)
      let user = try state.add(owner, at: actor.at)
      state.join(user.id, made.id, .owner, at: actor.at)
      state.note(.registered, tenant: made.id, by: actor)
      return Registration(
        tenant: made, primaryDomain: tenant.domains.first ?? "", owner: user)
    }
  }

  func create(_ user: NewUser, by actor: AuditActor) async throws(AccountError) -> UserAccount {
    try changed { state throws(AccountError) in try state.add(user, at: actor.at) }
  }

  func updateProfile(
    of user: Int64, by actor: AuditActor, _ change: @escaping @Sendable (inout UserProfile) -> Void
  ) async throws(AccountError) -> UserAccount {
    try changed { state throws(AccountError) in
      let index = try state.index(of: user)
      change(&state.users[index].account.profile)
      state.note(.profileChanged, by: actor)
      return state.users[index].account
    }
  }

  func setPassword(
    of user: Int64, to hash: PasswordHash, by actor: AuditActor
  ) async throws(AccountError) {
    try changed { state throws(AccountError) in
      state.users[try state.index(of: user)].password = hash
      _ = state.revoke { $0.user == user }
      state.note(.passwordChanged, by: actor)
    }
  }

  func upgradePassword(
    of user: Int64, from old: PasswordHash, to new: PasswordHash
  ) async throws(StoreError) {
    try asked { state in
      for index in state.users.indices
      where state.users[index].account.id == user && state.users[index].password == old {
        state.users[index].password = new
      }
    }
  }

  func setAvatar(
    of user: Int64, to key: String?, by actor: AuditActor
  ) async throws(AccountError) -> String? {
    try changed { state throws(AccountError) in
      let index = try state.index(of: user)
      let old = state.users[index].account.avatar
      state.users[index].account.avatar = key
      state.note(.avatarChanged, by: actor)
      return old
    }
  }

  func requestReset(
    of user: Int64, digest: SecretDigest, expiresAt: Timestamp, mail: MailMessage,
    by actor: AuditActor
  ) async throws(AccountError) {
    try changed { state throws(AccountError) in
      state.resets = state.resets.filter { $0.value.user != user }
      state.resets[digest] = Reset(user: user, expiresAt: expiresAt)
      state.post(mail, at: actor.at)
      state.note(.resetRequested, by: actor)
    }
  }

  func resetRequest(
    digest: SecretDigest, at now: Timestamp
  ) async throws(AccountError) -> UserAccount {
    try changed { state throws(AccountError) in try state.reset(digest, at: now) }
  }

  func reset(
    digest: SecretDigest, to hash: PasswordHash, by actor: AuditActor
  ) async throws(AccountError) -> UserAccount {
    try changed { state throws(AccountError) in
      let user = try state.reset(digest, at: actor.at)
      state.resets[digest] = nil
      state.users[try state.index(of: user.id)].password = hash
      _ = state.revoke { $0.user == user.id }
      state.note(.passwordReset, by: actor)
      return user
    }
  }
}

extension MemoryAccounts: LoginGuard {
  func lockout(of name: String, at now: Timestamp) async throws(StoreError) -> Duration? {
    try asked { state in
      guard let until = state.failures[name]?.lockedUntil, now < until else { return nil }
      return until.since(now)
    }
  }

  func noteFailure(
    of name: String, user: Int64?, tenant: Int64?, by actor: AuditActor
  ) async throws(StoreError) {
    try asked { state in
      var failures = state.failures[name] ?? Failures()
      failures.count += 1
      if failures.count >= Self.maxFailures {
        failures = Failures(lockedUntil: actor.at.advanced(by: Self.lockout))
      }
      state.failures[name] = failures
      state.note(.signInFailed, tenant: tenant, by: actor)
    }
  }

  func noteSuccess(of name: String) async throws(StoreError) {
    try asked { $0.failures[name] = nil }
  }
}

extension MemoryAccounts.State {
  func index(of user: Int64) throws(AccountError) -> Int {
    guard let index = users.firstIndex(where: { $0.account.id == user }) else { throw .notFound }
    return index
  }

  func reset(_ digest: SecretDigest, at now: Timestamp) throws(AccountError) -> UserAccount {
    guard let reset = resets[digest], let user = user(reset.user) else { throw .notFound }
    guard now < reset.expiresAt else { throw .expired }
    return user.account
  }

  mutating func add(_ new: NewTenant, at now: Timestamp) throws(AccountError) -> Tenant {
    if tenants.contains(where: { $0.tenant.slug == new.slug }) {
      throw .taken(field: "tenant_slug")
    }
    if tenants.contains(where: { !Set($0.domains).isDisjoint(with: new.domains) }) {
      throw .taken(field: "domain")
    }
    let tenant = Tenant(id: newID(), slug: new.slug, schema: new.schema, name: new.name)
    tenants.append(
      TenantRecord(
        tenant: tenant, domains: new.domains, createdAt: now, suspendedAt: nil, members: 1))
    return tenant
  }

  mutating func add(_ new: NewUser, at now: Timestamp) throws(AccountError) -> UserAccount {
    if users.contains(where: { $0.account.email == new.email }) { throw .taken(field: "email") }
    if users.contains(where: { $0.account.username == new.username }) {
      throw .taken(field: "username")
    }
    let id = newID()
    let account = UserAccount(
      id: id, subject: UserSubject(text: "subject-\(id)"), email: new.email,
      username: new.username, profile: new.profile, isStaff: new.isStaff, joinedAt: now,
      updatedAt: now)
    users.append(MemoryAccounts.User(account: account, password: new.password))
    return account
  }

  mutating func join(_ user: Int64, _ tenant: Int64, _ role: Role, at now: Timestamp) {
    memberships.append(
      Membership(
        id: newID(), tenant: tenant, user: user, role: role, joinedAt: now, updatedAt: now))
  }
}
