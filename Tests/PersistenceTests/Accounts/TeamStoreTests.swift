// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Team members", .timeLimit(.minutes(5)))
struct TeamStoreTests {
  @Test("members are listed newest first, page by page, with who they are")
  func listing() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let other = try await town.register("other").tenant
      for number in 1...4 { _ = try await town.join("m\(number)", made.tenant, as: .viewer) }
      let team = town.stores.team
      let first = try await team.members(of: made.tenant, PageRequest(number: 1, size: 3))
      let second = try await team.members(of: made.tenant, PageRequest(number: 2, size: 3))
      let third = try await team.members(of: made.tenant, PageRequest(number: 3, size: 3))
      #expect(first.count == 5)
      #expect(first.items.map(\.user.username.rawValue) == ["m4", "m3", "m2"])
      #expect(second.items.map(\.user.username.rawValue) == ["m1", "acme"])
      #expect(third.items.isEmpty)
      #expect(third.count == 5)
      let member = try #require(first.items.first)
      #expect(try await team.member(id: member.membership.id, of: made.tenant) == member)
      #expect(try await team.member(user: member.user.id, of: made.tenant) == member)
      #expect(try await team.member(id: member.membership.id, of: other) == nil)
      #expect(try await team.member(user: member.user.id, of: other) == nil)
    }
  }

  @Test("nobody reaches beyond their own role, whatever they try", arguments: Role.allCases)
  func ceiling(actor: Role) async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      for current in Role.allCases {
        for wanted in Role.allCases {
          let name = "x-\(actor.rawValue)-\(current.rawValue)-\(wanted.rawValue)"
          let member = try await town.join(name, tenant, as: current)
          let isAllowed =
            [.admin, .owner].contains(actor) && current <= actor && wanted <= actor
          let outcomes = await atOnce(1) { _ in
            try await town.stores.team.updateMember(
              id: member.membership.id, of: tenant, role: wanted, status: nil, ceiling: actor,
              by: town.actor())
          }
          #expect(
            accountErrors(outcomes) == (isAllowed ? [] : [.roleTooLow]),
            "\(current) → \(wanted) by \(actor)")
          let after = try await town.stores.team.member(id: member.membership.id, of: tenant)
          #expect(after?.membership.role == (isAllowed ? wanted : current))
        }
      }
    }
  }

  @Test("the last active owner stays one, whichever way they would go")
  func lastOwner() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let team = town.stores.team
      let owner = try #require(try await team.member(user: made.owner.id, of: made.tenant))
      func update(_ member: Member, _ role: Role?, _ status: MembershipStatus?) async throws {
        _ = try await team.updateMember(
          id: member.membership.id, of: made.tenant, role: role, status: status, ceiling: .owner,
          by: town.actor())
      }
      let second = try await town.join("second", made.tenant, as: .owner)
      try await update(second, nil, .suspended)
      for (role, status) in [
        (.admin, nil), (nil, .inactive), (nil, .suspended), (.viewer, .inactive),
      ] as [(Role?, MembershipStatus?)] {
        await #expect(throws: AccountError.lastOwner) { try await update(owner, role, status) }
      }
      try await update(owner, .owner, .active)
      // An owner who cannot sign in does not count.
      try await update(second, nil, .active)
      try await town.database.run(
        "UPDATE public.accounts_user SET is_active = false WHERE username = 'second'")
      await #expect(throws: AccountError.lastOwner) { try await update(owner, .admin, nil) }
      try await town.database.run("UPDATE public.accounts_user SET is_active = true")
      try await update(owner, .admin, nil)
      await #expect(throws: AccountError.lastOwner) { try await update(second, .admin, nil) }
    }
  }

  @Test("8 owners who are demoted at the same time leave exactly one")
  func race() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let team = town.stores.team
      var owners = [try #require(try await team.member(user: made.owner.id, of: made.tenant))]
      for number in 1...7 {
        owners.append(try await town.join("o\(number)", made.tenant, as: .owner))
      }
      let all = owners
      let outcomes = await atOnce(8) { number in
        try await team.updateMember(
          id: all[number].membership.id, of: made.tenant,
          role: number % 2 == 0 ? .viewer : nil, status: number % 2 == 0 ? nil : .inactive,
          ceiling: .owner, by: town.actor())
      }
      #expect(accountErrors(outcomes) == [.lastOwner])
      #expect(
        try await town.count("accounts_membership", where: "role = 'owner' AND status = 'active'")
          == 1)
    }
  }

  @Test("who leaves the team leaves their sessions there, and nothing elsewhere")
  func sessions() async throws {
    try await withTown { town throws in
      let acme = try await town.register("acme").tenant
      let other = try await town.register("other").tenant
      let member = try await town.join("tech", acme, as: .technician)
      try await town.stores.tenants.addMember(
        user: member.user.id, to: other.slug, role: .viewer, by: town.actor())
      let here = try await town.signIn(member.user.id, acme, id: "here")
      let there = try await town.signIn(member.user.id, other, id: "there")
      let sessions = town.stores.sessions
      #expect(try await sessions.grant(here, tenant: acme.id) != nil)
      let removed = try await town.stores.team.updateMember(
        id: member.membership.id, of: acme, role: nil, status: .inactive, ceiling: .admin,
        by: town.actor("user:1"))
      #expect(removed.membership.status == .inactive)
      #expect(try await sessions.grant(here, tenant: acme.id) == nil)
      #expect(try await sessions.grant(there, tenant: other.id)?.role == .viewer)
      #expect(
        try await town.stores.accounts.memberships(of: member.user.id).map(\.tenant) == [other])
      let events = try await town.stores.tenants.audit(of: acme, PageRequest(size: 1))
      #expect(events.items.first?.action == .memberRemoved)
      #expect(events.items.first?.actor == "user:1")
      #expect(events.items.first?.subject == "member:\(member.membership.id)")
      #expect(events.items.first?.detail == "status: active → inactive")
      #expect(events.items.first?.origin.address == "192.0.2.1")
    }
  }

  @Test("another tenant's members cannot be changed, and no change writes nothing")
  func foreign() async throws {
    try await withTown { town throws in
      let acme = try await town.register("acme").tenant
      let other = try await town.register("other").tenant
      let member = try await town.join("tech", acme, as: .technician)
      func update(_ tenant: Tenant, _ role: Role) async throws {
        _ = try await town.stores.team.updateMember(
          id: member.membership.id, of: tenant, role: role, status: nil, ceiling: .owner,
          by: town.actor())
      }
      await #expect(throws: AccountError.notFound) { try await update(other, .viewer) }
      let before = try await town.audited(.memberChanged)
      try await update(acme, .technician)
      #expect(try await town.audited(.memberChanged) == before)
      try await update(acme, .viewer)
      #expect(try await town.audited(.memberChanged) == before.map { $0 + 1 })
    }
  }

  @Test("the figures count active roles, all statuses and open invites")
  func stats() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      _ = try await town.join("a", tenant, as: .viewer)
      let gone = try await town.join("b", tenant, as: .viewer)
      _ = try await town.stores.team.updateMember(
        id: gone.membership.id, of: tenant, role: nil, status: .suspended, ceiling: .owner,
        by: town.actor())
      for (byte, seconds) in [(1, 10), (2, 20)] as [(UInt8, Int)] {
        _ = try await InviteTests.invite(
          town, tenant, "i\(byte)@x.example", byte, expiresAt: noon + seconds)
      }
      #expect(
        try await town.stores.team.stats(of: tenant, at: noon + 10)
          == TeamStats(
            total: 3, pendingInvites: 1, byRole: [.owner: 1, .viewer: 1],
            byStatus: [.active: 2, .suspended: 1]))
    }
  }
}
