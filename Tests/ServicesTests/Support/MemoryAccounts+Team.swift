// SPDX-License-Identifier: Apache-2.0

import Domain

extension MemoryAccounts: TeamStore {
  func members(of tenant: Tenant, _ page: PageRequest) async throws(StoreError) -> Page<Member> {
    try asked { state in
      let all = state.memberships.filter { $0.tenant == tenant.id }.reversed()
      return Page(
        items: all.dropFirst(page.offset).prefix(page.size).compactMap { state.member($0) },
        count: all.count)
    }
  }

  func member(id: Int64, of tenant: Tenant) async throws(StoreError) -> Member? {
    try asked { state in
      state.memberships.first { $0.id == id && $0.tenant == tenant.id }
        .flatMap { state.member($0) }
    }
  }

  func member(user: Int64, of tenant: Tenant) async throws(StoreError) -> Member? {
    try asked { state in state.membership(user, tenant.id).flatMap { state.member($0) } }
  }

  func updateMember(
    id: Int64, of tenant: Tenant, role: Role?, status: MembershipStatus?, ceiling: Role,
    by actor: AuditActor
  ) async throws(AccountError) -> Member {
    try changed { state throws(AccountError) in
      guard
        let index = state.memberships.firstIndex(where: {
          $0.id == id && $0.tenant == tenant.id
        })
      else { throw .notFound }
      let old = state.memberships[index]
      guard ceiling.mayAssign(old.role), ceiling.mayAssign(role ?? old.role) else {
        throw .roleTooLow
      }
      if let role { state.memberships[index].role = role }
      if let status { state.memberships[index].status = status }
      guard
        state.memberships.contains(where: {
          $0.tenant == tenant.id && $0.role == .owner && $0.status == .active
        })
      else { throw .lastOwner }
      if state.memberships[index].status != .active {
        _ = state.revoke { $0.user == old.user && $0.tenant == tenant.id }
      }
      state.note(.memberChanged, tenant: tenant.id, by: actor)
      return try state.checkedMember(state.memberships[index])
    }
  }

  func stats(of tenant: Tenant, at now: Timestamp) async throws(StoreError) -> TeamStats {
    try asked { state in
      let all = state.memberships.filter { $0.tenant == tenant.id }
      let open = state.invites.filter {
        $0.invite.tenant == tenant.id && $0.invite.status(at: now) == .pending
      }
      return TeamStats(
        total: all.count, pendingInvites: open.count,
        byRole: Dictionary(grouping: all.filter { $0.status == .active }, by: \.role)
          .mapValues(\.count),
        byStatus: Dictionary(grouping: all, by: \.status).mapValues(\.count))
    }
  }

  // MARK: Invites

  func invites(of tenant: Tenant, _ page: PageRequest) async throws(StoreError) -> Page<Invite> {
    try asked { state in
      let all = state.invites.map(\.invite).filter { $0.tenant == tenant.id }.reversed()
      return Page(
        items: Array(all.dropFirst(page.offset).prefix(page.size)), count: all.count)
    }
  }

  func invite(id: Int64, of tenant: Tenant) async throws(StoreError) -> Invite? {
    try asked { $0.invites.map(\.invite).first { $0.id == id && $0.tenant == tenant.id } }
  }

  func createInvite(
    _ new: NewInvite, ceiling: Role, by actor: AuditActor
  ) async throws(AccountError) -> Invite {
    try changed { state throws(AccountError) in
      guard ceiling.mayAssign(new.role) else { throw .roleTooLow }
      let member = state.users.first { $0.account.email == new.email }
        .flatMap { state.membership($0.account.id, new.tenant.id) }
      if let member, member.status != .inactive { throw .alreadyMember }
      if state.invites.contains(where: {
        $0.invite.tenant == new.tenant.id && $0.invite.email == new.email
          && $0.invite.status(at: actor.at) == .pending
      }) {
        throw .alreadyInvited
      }
      let inviter = new.invitedBy.flatMap { state.user($0)?.account }
      let invite = Invite(
        id: state.newID(), tenant: new.tenant.id, email: new.email, role: new.role,
        storedStatus: .pending, message: new.message, invitedBy: inviter?.email,
        invitedByName: inviter?.profile.fullName ?? "", createdAt: actor.at,
        expiresAt: new.expiresAt)
      state.invites.append(StoredInvite(invite: invite, digest: new.digest))
      state.post(new.mail, at: actor.at)
      state.note(.inviteCreated, tenant: new.tenant.id, by: actor)
      return invite
    }
  }

  func updateInvite(
    id: Int64, of tenant: Tenant, role: Role?, message: String?, ceiling: Role, by actor: AuditActor
  ) async throws(AccountError) -> Invite {
    try changed { state throws(AccountError) in
      let index = try state.pendingInvite(id, tenant, at: actor.at)
      guard ceiling.mayAssign(state.invites[index].invite.role),
        ceiling.mayAssign(role ?? .viewer)
      else { throw .roleTooLow }
      if let role { state.invites[index].invite.role = role }
      if let message { state.invites[index].invite.message = message }
      return state.invites[index].invite
    }
  }

  func cancelInvite(id: Int64, of tenant: Tenant, by actor: AuditActor) async throws(AccountError) {
    try changed { state throws(AccountError) in
      let index = try state.pendingInvite(id, tenant, at: actor.at)
      state.invites[index].invite.storedStatus = .cancelled
    }
  }

  func renewInvite(
    id: Int64, of tenant: Tenant, digest: SecretDigest, expiresAt: Timestamp, mail: MailMessage,
    by actor: AuditActor
  ) async throws(AccountError) -> Invite {
    try changed { state throws(AccountError) in
      let index = try state.pendingInvite(id, tenant, at: actor.at)
      state.invites[index].digest = digest
      state.invites[index].invite.expiresAt = expiresAt
      state.post(mail, at: actor.at)
      return state.invites[index].invite
    }
  }

  func invite(
    digest: SecretDigest, of tenant: Tenant, at now: Timestamp
  ) async throws(AccountError) -> Invite {
    try changed { state throws(AccountError) in
      state.invites[try state.openInvite(digest, tenant, at: now)].invite
    }
  }

  func acceptInvite(
    digest: SecretDigest, of tenant: Tenant, user: Int64, by actor: AuditActor
  ) async throws(AccountError) -> Member {
    try changed { state throws(AccountError) in
      let index = try state.openInvite(digest, tenant, at: actor.at)
      guard state.user(user)?.account.email == state.invites[index].invite.email else {
        throw .wrongPerson
      }
      return try state.accept(index, user, at: actor.at)
    }
  }

  func acceptInvite(
    digest: SecretDigest, of tenant: Tenant, profile: UserProfile, password: PasswordHash,
    by actor: AuditActor
  ) async throws(AccountError) -> Member {
    try changed { state throws(AccountError) in
      let index = try state.openInvite(digest, tenant, at: actor.at)
      let email = state.invites[index].invite.email
      guard let username = Username(email.rawValue.prefix { $0 != "@" }.description) else {
        throw .invalid(field: "email", "no user name")
      }
      let user = try state.add(
        NewUser(email: email, username: username, profile: profile, password: password),
        at: actor.at)
      return try state.accept(index, user.id, at: actor.at)
    }
  }
}

extension MemoryAccounts.State {
  func member(_ membership: Membership) -> Member? {
    user(membership.user).map { Member(membership: membership, user: $0.account) }
  }

  fileprivate func checkedMember(_ membership: Membership) throws(AccountError) -> Member {
    guard let member = member(membership) else { throw .notFound }
    return member
  }

  fileprivate func pendingInvite(
    _ id: Int64, _ tenant: Tenant, at now: Timestamp
  ) throws(AccountError) -> Int {
    guard
      let index = invites.firstIndex(where: {
        $0.invite.id == id && $0.invite.tenant == tenant.id
      })
    else { throw .notFound }
    guard invites[index].invite.storedStatus == .pending else { throw .notPending }
    return index
  }

  fileprivate func openInvite(
    _ digest: SecretDigest, _ tenant: Tenant, at now: Timestamp
  ) throws(AccountError) -> Int {
    guard
      let index = invites.firstIndex(where: {
        $0.digest == digest && $0.invite.tenant == tenant.id
      })
    else { throw .notFound }
    switch invites[index].invite.status(at: now) {
    case .pending: return index
    case .expired: throw .expired
    case .accepted, .cancelled: throw .notPending
    }
  }

  fileprivate mutating func accept(
    _ index: Int, _ user: Int64, at now: Timestamp
  ) throws(AccountError) -> Member {
    let invite = invites[index].invite
    if let old = memberships.firstIndex(where: {
      $0.user == user && $0.tenant == invite.tenant
    }) {
      guard memberships[old].status == .inactive else { throw .alreadyMember }
      memberships[old].status = .active
      memberships[old].role = invite.role
    } else {
      join(user, invite.tenant, invite.role, at: now)
    }
    invites[index].invite.storedStatus = .accepted
    invites[index].invite.acceptedAt = now
    guard let membership = membership(user, invite.tenant) else { throw .notFound }
    return try checkedMember(membership)
  }
}
