// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Sessions", .timeLimit(.minutes(5)))
struct SessionStoreTests {
  @Test("a session counts for its user and tenant until it ends, and notes the login")
  func opens() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let other = try await town.register("other").tenant
      try await town.stores.loginGuard.noteFailure(
        of: "acme@owners.example", user: nil, tenant: nil, by: town.actor(""))
      let session = try await town.signIn(made.owner.id, made.tenant, id: "s1")
      let sessions = town.stores.sessions
      let expected = SessionGrant(
        session: session, user: made.owner.id, subject: made.owner.subject, tenant: made.tenant,
        role: .owner)
      #expect(try await sessions.grant(session, tenant: made.tenant.id) == expected)
      #expect(try await sessions.grant(session, tenant: other.id) == nil)
      #expect(try await sessions.grant(SessionID(text: "s2"), tenant: made.tenant.id) == nil)
      #expect(try await town.stores.accounts.user(id: made.owner.id)?.lastLogin == noon)
      #expect(try await town.count("accounts_lockout") == 0)
      #expect(try await town.audited(.signedIn) == 1)
      #expect(
        try await sessions.sessions(of: made.owner.id, tenant: made.tenant.id).map(\.id)
          == [session])
      #expect(try await sessions.sessions(of: made.owner.id, tenant: other.id).isEmpty)
      town.time.advance(seconds: 3_599)
      #expect(try await sessions.grant(session, tenant: made.tenant.id) == expected)
      town.time.advance(seconds: 1)
      #expect(try await sessions.grant(session, tenant: made.tenant.id) == nil)
      #expect(try await sessions.sessions(of: made.owner.id, tenant: made.tenant.id).isEmpty)
    }
  }

  @Test(
    "what another process takes away is noticed after 2 s",
    arguments: [
      "UPDATE public.accounts_user SET is_active = false",
      "UPDATE public.accounts_membership SET status = 'suspended'",
      "UPDATE public.accounts_membership SET status = 'inactive'",
      "DELETE FROM public.accounts_membership",
      "UPDATE public.tenants_tenant SET status = 'suspended', suspended_at = now()",
      "UPDATE public.accounts_session SET revoked_at = now()",
    ])
  func staleness(change: String) async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let session = try await town.signIn(made.owner.id, made.tenant, id: "s1")
      let sessions = town.stores.sessions
      #expect(try await sessions.grant(session, tenant: made.tenant.id) != nil)
      try await town.database.run(change)
      town.time.advance(seconds: 1)
      #expect(try await sessions.grant(session, tenant: made.tenant.id) != nil)
      town.time.advance(seconds: 1)
      #expect(try await sessions.grant(session, tenant: made.tenant.id) == nil)
    }
  }

  @Test("what this process takes away is noticed at once")
  func forgets() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let member = try await town.join("tech", made.tenant, as: .technician)
      let sessions = town.stores.sessions
      let tenant = made.tenant
      var number = 0
      func open() async throws -> SessionID {
        number += 1
        let session = try await town.signIn(member.membership.user, tenant, id: "s\(number)")
        #expect(try await sessions.grant(session, tenant: tenant.id)?.role == .technician)
        return session
      }
      let revoked = try await open()
      #expect(
        try await sessions.revoke(
          revoked, of: member.user.id, action: .signedOut, by: town.actor()))
      #expect(try await sessions.grant(revoked, tenant: tenant.id) == nil)
      let suspended = try await open()
      try await town.stores.tenants.setSuspended(true, tenant.slug, by: town.actor())
      #expect(try await sessions.grant(suspended, tenant: tenant.id) == nil)
      try await town.stores.tenants.setSuspended(false, tenant.slug, by: town.actor())
      #expect(try await sessions.grant(suspended, tenant: tenant.id) != nil)
      _ = try await town.stores.team.updateMember(
        id: member.membership.id, of: tenant, role: .viewer, status: nil, ceiling: .owner,
        by: town.actor())
      #expect(try await sessions.grant(suspended, tenant: tenant.id)?.role == .viewer)
    }
  }

  @Test("a refresh token counts once; the one before it ends the session")
  func reuse() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let session = try await town.signIn(made.owner.id, made.tenant, id: "s1")
      let sessions = town.stores.sessions
      for seq in 0..<3 {
        town.time.advance(seconds: 60)
        let rotation = try await sessions.rotate(
          session, tenant: made.tenant.id, seq: Int64(seq), expiresAt: town.time.now + 7_200,
          by: town.actor())
        guard case .rotated(Int64(seq) + 1, let grant) = rotation else {
          Issue.record("\(rotation)")
          return
        }
        #expect(grant.user == made.owner.id)
      }
      let listed = try #require(
        try await sessions.sessions(of: made.owner.id, tenant: made.tenant.id).first)
      #expect(listed.lastUsedAt == noon + 180)
      #expect(listed.expiresAt == noon + 180 + 7_200)
      // One that was never given out proves nothing.
      func rotate(_ seq: Int64, tenant: Int64) async throws -> Rotation {
        try await sessions.rotate(
          session, tenant: tenant, seq: seq, expiresAt: noon + 9_000, by: town.actor())
      }
      #expect(try await rotate(4, tenant: made.tenant.id) == .invalid)
      #expect(try await rotate(2, tenant: made.tenant.id + 1) == .invalid)
      #expect(try await sessions.grant(session, tenant: made.tenant.id) != nil)
      #expect(try await rotate(2, tenant: made.tenant.id) == .reused)
      #expect(try await sessions.grant(session, tenant: made.tenant.id) == nil)
      #expect(try await rotate(3, tenant: made.tenant.id) == .invalid)
      #expect(try await rotate(2, tenant: made.tenant.id) == .invalid)
      #expect(try await town.audited(.refreshReused) == 1)
    }
  }

  @Test("of 8 uses of one refresh token at once one counts, and the session ends")
  func race() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let session = try await town.signIn(made.owner.id, made.tenant, id: "s1")
      let outcomes = await atOnce(8) { _ in
        try await town.stores.sessions.rotate(
          session, tenant: made.tenant.id, seq: 0, expiresAt: noon + 7_200, by: town.actor())
      }
      let rotations = try outcomes.map { try $0.get() }
      #expect(
        rotations.filter { if case .rotated = $0 { true } else { false } }.count == 1)
      #expect(rotations.filter { $0 == .reused }.count == 1)
      #expect(try await town.stores.sessions.grant(session, tenant: made.tenant.id) == nil)
    }
  }

  @Test("a refresh token does not count after its end, or for who no longer belongs")
  func refusals() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let sessions = town.stores.sessions
      let first = try await town.signIn(made.owner.id, made.tenant, id: "s1")
      try await town.database.run("UPDATE public.accounts_membership SET status = 'suspended'")
      func rotate(_ session: SessionID) async throws -> Rotation {
        try await sessions.rotate(
          session, tenant: made.tenant.id, seq: 0, expiresAt: noon + 7_200, by: town.actor())
      }
      #expect(try await rotate(first) == .invalid)
      try await town.database.run("UPDATE public.accounts_membership SET status = 'active'")
      town.time.advance(seconds: 3_600)
      #expect(try await rotate(first) == .invalid)
      #expect(try await rotate(SessionID(text: "none")) == .invalid)
    }
  }

  @Test("sessions are revoked one by one, by their owner only, or all but one")
  func revoking() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let user = made.owner.id
      let sessions = town.stores.sessions
      var all: [SessionID] = []
      for number in 0..<4 {
        all.append(try await town.signIn(user, made.tenant, id: "s\(number)"))
      }
      func revoke(_ session: SessionID, of user: Int64?) async throws -> Bool {
        try await sessions.revoke(session, of: user, action: .sessionRevoked, by: town.actor())
      }
      #expect(try await !revoke(all[0], of: user + 1))
      #expect(try await revoke(all[0], of: user))
      #expect(try await !revoke(all[0], of: user))
      #expect(try await revoke(all[1], of: nil))
      #expect(try await sessions.revokeAll(of: user, except: all[3], by: town.actor()) == 1)
      #expect(
        try await sessions.sessions(of: user, tenant: made.tenant.id).map(\.id) == [all[3]])
      #expect(try await sessions.revokeAll(of: user, except: nil, by: town.actor()) == 1)
      #expect(try await sessions.revokeAll(of: user, except: nil, by: town.actor()) == 0)
      #expect(try await town.audited(.sessionRevoked) == 4)
    }
  }
}
