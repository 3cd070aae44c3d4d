// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Invites", .timeLimit(.minutes(5)))
struct InviteTests {
  static func invite(
    _ town: Town, _ tenant: Tenant, _ email: String, _ byte: UInt8, as role: Role = .operator_,
    ceiling: Role = .owner, by user: Int64? = nil, expiresAt: Timestamp? = nil
  ) async throws -> Invite {
    try await town.stores.team.createInvite(
      NewInvite(
        tenant: tenant, email: try Town.email(email), role: role, message: "Welcome",
        invitedBy: user, digest: Town.digest(byte), expiresAt: expiresAt ?? noon + 600,
        mail: try Town.mail(email)),
      ceiling: ceiling, by: town.actor("user:1"))
  }

  @Test("an invite comes with its mail, and is found by its secret in its tenant only")
  func creating() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let other = try await town.register("other").tenant
      let invite = try await Self.invite(
        town, made.tenant, "Maria@X.example", 1, by: made.owner.id)
      #expect(invite.email.rawValue == "maria@x.example")
      #expect(invite.role == .operator_)
      #expect(invite.message == "Welcome")
      #expect(invite.invitedBy == made.owner.email)
      #expect(invite.invitedByName == "acme")
      #expect(invite.storedStatus == .pending)
      #expect(invite.createdAt == noon)
      #expect(try await town.count("accounts_mail", where: "recipient = 'maria@x.example'") == 1)
      #expect(
        try await town.count("accounts_invite", where: "position('secret' in message) > 0") == 0)
      let team = town.stores.team
      #expect(
        try await team.invite(digest: Town.digest(1), of: made.tenant, at: noon) == invite)
      #expect(try await team.invite(id: invite.id, of: made.tenant) == invite)
      #expect(try await team.invite(id: invite.id, of: other) == nil)
      #expect(try await team.invites(of: made.tenant, PageRequest()).items == [invite])
      #expect(try await team.invites(of: other, PageRequest()).count == 0)
      for (digest, tenant) in [(Town.digest(1), other), (Town.digest(2), made.tenant)] {
        await #expect(throws: AccountError.notFound) {
          try await team.invite(digest: digest, of: tenant, at: noon)
        }
      }
      await #expect(throws: AccountError.expired) {
        try await team.invite(digest: Town.digest(1), of: made.tenant, at: noon + 600)
      }
    }
  }

  @Test(
    "one open invite an address, in any case; members are not invited; an expired one gives way")
  func conflicts() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let first = try await Self.invite(town, made.tenant, "m@x.example", 1)
      await #expect(throws: AccountError.alreadyInvited) {
        try await Self.invite(town, made.tenant, "M@X.EXAMPLE", 2)
      }
      await #expect(throws: AccountError.alreadyMember) {
        try await Self.invite(town, made.tenant, "acme@owners.example", 3)
      }
      await #expect(throws: AccountError.roleTooLow) {
        try await Self.invite(town, made.tenant, "n@x.example", 4, as: .owner, ceiling: .admin)
      }
      await #expect(throws: AccountError.roleTooLow) {
        try await Self.invite(town, made.tenant, "n@x.example", 4, as: .viewer, ceiling: .operator_)
      }
      #expect(try await town.count("accounts_mail") == 1)
      town.time.advance(seconds: 600)
      let second = try await Self.invite(
        town, made.tenant, "m@x.example", 5, expiresAt: noon + 9_000)
      #expect(second.id != first.id)
      #expect(
        try await town.stores.team.invite(id: first.id, of: made.tenant)?.storedStatus == .expired)
      let outcomes = await atOnce(4) { number in
        try await Self.invite(
          town, made.tenant, "race@x.example", UInt8(10 + number), expiresAt: noon + 9_000)
      }
      #expect(accountErrors(outcomes) == [AccountError](repeating: .alreadyInvited, count: 3))
    }
  }

  @Test("an invite is changed within the caller's reach, renewed with another secret, cancelled")
  func changing() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      let team = town.stores.team
      let invite = try await Self.invite(town, tenant, "m@x.example", 1)
      let changed = try await team.updateInvite(
        id: invite.id, of: tenant, role: .admin, message: nil, ceiling: .admin, by: town.actor())
      #expect(changed.role == .admin)
      #expect(changed.message == "Welcome")
      for (role, ceiling) in [(.owner, .admin), (.viewer, .operator_)] as [(Role, Role)] {
        await #expect(throws: AccountError.roleTooLow) {
          try await team.updateInvite(
            id: invite.id, of: tenant, role: role, message: nil, ceiling: ceiling,
            by: town.actor())
        }
      }
      let renewed = try await team.renewInvite(
        id: invite.id, of: tenant, digest: Town.digest(2), expiresAt: noon + 6_000,
        mail: try Town.mail("m@x.example"), by: town.actor())
      #expect(renewed.expiresAt == noon + 6_000)
      await #expect(throws: AccountError.notFound) {
        try await team.invite(digest: Town.digest(1), of: tenant, at: noon)
      }
      #expect(
        try await team.invite(digest: Town.digest(2), of: tenant, at: noon).id == invite.id)
      #expect(try await town.count("accounts_mail") == 2)
      try await team.cancelInvite(id: invite.id, of: tenant, by: town.actor())
      await #expect(throws: AccountError.notPending) {
        try await team.invite(digest: Town.digest(2), of: tenant, at: noon)
      }
      await #expect(throws: AccountError.notPending) {
        try await team.cancelInvite(id: invite.id, of: tenant, by: town.actor())
      }
      await #expect(throws: AccountError.notPending) {
        try await team.updateInvite(
          id: invite.id, of: tenant, role: .viewer, message: nil, ceiling: .owner,
          by: town.actor())
      }
      await #expect(throws: AccountError.notPending) {
        try await team.renewInvite(
          id: invite.id, of: tenant, digest: Town.digest(3), expiresAt: noon + 6_000,
          mail: try Town.mail("m@x.example"), by: town.actor())
      }
      await #expect(throws: AccountError.notFound) {
        try await team.cancelInvite(id: 999, of: tenant, by: town.actor())
      }
      #expect(try await town.count("accounts_mail") == 2)
    }
  }

  @Test("who has an account joins with the invite for their address, once")
  func accepting() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let stranger = try await town.register("stranger").owner
      let invited = try await town.stores.accounts.create(
        try Town.user("maria"), by: town.actor())
      _ = try await Self.invite(
        town, made.tenant, "Maria@people.example", 1, by: made.owner.id)
      let team = town.stores.team
      @Sendable func accept(_ user: Int64, _ byte: UInt8 = 1) async throws -> Member {
        try await team.acceptInvite(
          digest: Town.digest(byte), of: made.tenant, user: user, by: town.actor("user:\(user)"))
      }
      await #expect(throws: AccountError.wrongPerson) { try await accept(stranger.id) }
      let outcomes = await atOnce(6) { _ in try await accept(invited.id) }
      #expect(accountErrors(outcomes) == [AccountError](repeating: .notPending, count: 5))
      let member = try #require(try await team.member(user: invited.id, of: made.tenant))
      #expect(member.membership.role == .operator_)
      #expect(member.membership.status == .active)
      #expect(member.membership.invitedBy == made.owner.email)
      #expect(member.user.isEmailVerified)
      #expect(try await town.audited(.inviteAccepted) == 1)
      #expect(try await team.invites(of: made.tenant, PageRequest()).items[0].acceptedAt == noon)
    }
  }

  @Test("a removed member can be invited again, a suspended one cannot let themselves in")
  func again() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      let member = try await town.join("maria", tenant, as: .admin)
      let team = town.stores.team
      func set(_ status: MembershipStatus) async throws {
        _ = try await team.updateMember(
          id: member.membership.id, of: tenant, role: nil, status: status, ceiling: .owner,
          by: town.actor())
      }
      try await set(.inactive)
      _ = try await Self.invite(town, tenant, "maria@people.example", 1, as: .viewer)
      try await set(.suspended)
      await #expect(throws: AccountError.alreadyMember) {
        try await team.acceptInvite(
          digest: Town.digest(1), of: tenant, user: member.user.id, by: town.actor())
      }
      try await set(.inactive)
      town.time.advance(seconds: 5)
      let back = try await team.acceptInvite(
        digest: Town.digest(1), of: tenant, user: member.user.id, by: town.actor())
      #expect(back.membership.id == member.membership.id)
      #expect(back.membership.role == .viewer)
      #expect(back.membership.status == .active)
      #expect(back.membership.joinedAt == noon + 5)
    }
  }

  @Test("an invite makes the account that it is for, with a free user name")
  func newAccount() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      let team = town.stores.team
      var profile = UserProfile()
      profile.firstName = "Maria"
      let given = profile
      _ = try await Self.invite(town, tenant, "acme@people.example", 1)
      _ = try await Self.invite(town, tenant, "o'neil@people.example", 2)
      _ = try await Self.invite(town, tenant, "late@people.example", 3)
      @Sendable func accept(_ byte: UInt8) async throws -> Member {
        try await team.acceptInvite(
          digest: Town.digest(byte), of: tenant, profile: given,
          password: PasswordHash(encoded: "p"), by: town.actor(""))
      }
      let outcomes = await atOnce(4) { _ in try await accept(1) }
      #expect(accountErrors(outcomes) == [AccountError](repeating: .notPending, count: 3))
      let name = try #require(LoginName("acme@people.example"))
      let user = try #require(try await town.stores.accounts.credentials(for: name)).user
      #expect(user.username.rawValue == "acme2")
      #expect(user.profile.firstName == "Maria")
      #expect(user.isEmailVerified)
      #expect(try await team.member(user: user.id, of: tenant)?.membership.role == .operator_)
      #expect(try await accept(2).user.username.rawValue == "o_neil")
      town.time.advance(seconds: 600)
      await #expect(throws: AccountError.expired) { try await accept(3) }
      #expect(try await town.audited(.userCreated) == 2)
    }
  }

  @Test("an invite for an address that has an account makes no second one")
  func existingAccount() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      _ = try await town.stores.accounts.create(try Town.user("maria"), by: town.actor())
      _ = try await Self.invite(town, tenant, "maria@people.example", 1)
      await #expect(throws: AccountError.taken(field: "email")) {
        try await town.stores.team.acceptInvite(
          digest: Town.digest(1), of: tenant, profile: UserProfile(),
          password: PasswordHash(encoded: "p"), by: town.actor(""))
      }
      #expect(
        try await town.stores.team.invites(of: tenant, PageRequest()).items[0].storedStatus
          == .pending)
    }
  }
}
