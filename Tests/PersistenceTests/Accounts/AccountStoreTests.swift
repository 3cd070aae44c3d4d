// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Accounts", .timeLimit(.minutes(5)))
struct AccountStoreTests {
  @Test("a profile changes as it is now; nothing else does; no change writes nothing")
  func profile() async throws {
    try await withTown { town throws in
      let owner = try await town.register("acme").owner
      town.time.advance(seconds: 60)
      let accounts = town.stores.accounts
      let changed = try await accounts.updateProfile(of: owner.id, by: town.actor()) {
        $0.firstName = "Óscar"
        $0.phone = "+55 34 1234"
        $0.timeFormat = .hours12
      }
      #expect(changed.profile.firstName == "Óscar")
      #expect(changed.profile.phone == "+55 34 1234")
      #expect(changed.updatedAt == noon + 60)
      #expect(try await accounts.user(id: owner.id) == changed)
      let cleared = try await accounts.updateProfile(of: owner.id, by: town.actor()) {
        $0.phone = nil
      }
      #expect(cleared.profile.phone == nil)
      #expect(cleared.profile.firstName == "Óscar")
      _ = try await accounts.updateProfile(of: owner.id, by: town.actor()) { $0.phone = nil }
      #expect(try await town.audited(.profileChanged) == 2)
      await #expect(throws: AccountError.notFound) {
        try await accounts.updateProfile(of: 999, by: town.actor()) { $0.bio = "x" }
      }
    }
  }

  @Test("changes of a profile at the same time are all kept")
  func profiles() async throws {
    try await withTown { town throws in
      let owner = try await town.register("acme").owner
      let outcomes = await atOnce(8) { number in
        try await town.stores.accounts.updateProfile(of: owner.id, by: town.actor()) {
          $0.bio = ($0.bio ?? "") + "\(number)"
        }
      }
      #expect(accountErrors(outcomes).isEmpty)
      let bio = try await town.stores.accounts.user(id: owner.id)?.profile.bio
      #expect(bio.map { String($0.sorted()) } == "01234567")
    }
  }

  @Test("a new password ends every session at once; a stronger hash ends none")
  func passwords() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let accounts = town.stores.accounts
      let session = try await town.signIn(made.owner.id, made.tenant, id: "s1")
      let name = try #require(LoginName("acme"))
      let old = try #require(try await accounts.credentials(for: name)).password
      try await accounts.upgradePassword(
        of: made.owner.id, from: old, to: PasswordHash(encoded: "stronger"))
      #expect(try await accounts.credentials(for: name)?.password.encoded == "stronger")
      // The password was changed meanwhile: the older hash must not come back.
      try await accounts.upgradePassword(
        of: made.owner.id, from: old, to: PasswordHash(encoded: "late"))
      #expect(try await accounts.credentials(for: name)?.password.encoded == "stronger")
      #expect(try await town.stores.sessions.grant(session, tenant: made.tenant.id) != nil)
      try await accounts.setPassword(
        of: made.owner.id, to: PasswordHash(encoded: "new"), by: town.actor())
      #expect(try await accounts.credentials(for: name)?.password.encoded == "new")
      #expect(try await town.stores.sessions.grant(session, tenant: made.tenant.id) == nil)
      #expect(try await town.audited(.passwordChanged) == 1)
      await #expect(throws: AccountError.notFound) {
        try await accounts.setPassword(of: 999, to: old, by: town.actor())
      }
    }
  }

  @Test("a new picture gives the old one's key back")
  func avatar() async throws {
    try await withTown { town throws in
      let user = try await town.register("acme").owner.id
      let accounts = town.stores.accounts
      #expect(try await accounts.setAvatar(of: user, to: "a", by: town.actor()) == nil)
      #expect(try await accounts.setAvatar(of: user, to: "b", by: town.actor()) == "a")
      #expect(try await accounts.user(id: user)?.avatar == "b")
      #expect(try await accounts.setAvatar(of: user, to: nil, by: town.actor()) == "b")
      #expect(try await accounts.user(id: user)?.avatar == nil)
      await #expect(throws: AccountError.notFound) {
        try await accounts.setAvatar(of: 999, to: "x", by: town.actor())
      }
    }
  }

  @Test("a reset replaces earlier ones, brings its mail, and counts until its last microsecond")
  func resetRequests() async throws {
    try await withTown { town throws in
      let owner = try await town.register("acme").owner
      let accounts = town.stores.accounts
      for byte in [1, 2] as [UInt8] {
        try await accounts.requestReset(
          of: owner.id, digest: Town.digest(byte), expiresAt: noon + 3_600,
          mail: try Town.mail("acme@owners.example"), by: town.actor(""))
      }
      #expect(try await town.count("accounts_mail") == 2)
      #expect(try await town.audited(.resetRequested) == 2)
      await #expect(throws: AccountError.notFound) {
        try await accounts.resetRequest(digest: Town.digest(1), at: noon)
      }
      let last = (noon + 3_600).advanced(by: .microseconds(-1))
      #expect(try await accounts.resetRequest(digest: Town.digest(2), at: last) == owner)
      await #expect(throws: AccountError.expired) {
        try await accounts.resetRequest(digest: Town.digest(2), at: noon + 3_600)
      }
      town.time.advance(seconds: 3_600)
      await #expect(throws: AccountError.expired) {
        try await accounts.reset(
          digest: Town.digest(2), to: PasswordHash(encoded: "new"), by: town.actor(""))
      }
      await #expect(throws: AccountError.notFound) {
        try await accounts.requestReset(
          of: 999, digest: Town.digest(3), expiresAt: noon + 3_600,
          mail: try Town.mail("x@y.example"), by: town.actor(""))
      }
      #expect(try await town.count("accounts_mail") == 2)
    }
  }

  @Test("of several uses of one reset one counts: password, sessions, locks and address")
  func reset() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let accounts = town.stores.accounts
      let session = try await town.signIn(made.owner.id, made.tenant, id: "s1")
      for _ in 0..<5 {
        try await town.stores.loginGuard.noteFailure(
          of: "acme", user: made.owner.id, tenant: nil, by: town.actor(""))
      }
      try await accounts.requestReset(
        of: made.owner.id, digest: Town.digest(1), expiresAt: noon + 3_600,
        mail: try Town.mail("acme@owners.example"), by: town.actor(""))
      let outcomes = await atOnce(4) { number in
        try await accounts.reset(
          digest: Town.digest(1), to: PasswordHash(encoded: "new \(number)"), by: town.actor(""))
      }
      #expect(accountErrors(outcomes) == [AccountError](repeating: .notFound, count: 3))
      let name = try #require(LoginName("acme"))
      let after = try #require(try await accounts.credentials(for: name))
      #expect(after.password.encoded.hasPrefix("new "))
      #expect(after.user.isEmailVerified)
      #expect(try await town.stores.sessions.grant(session, tenant: made.tenant.id) == nil)
      #expect(try await town.stores.loginGuard.lockout(of: "acme", at: noon) == nil)
      #expect(try await town.audited(.passwordReset) == 1)
    }
  }

  @Test(
    "an address and a user name are unique whatever their case, for accounts made by commands too")
  func unique() async throws {
    try await withTown { town throws in
      _ = try await town.stores.accounts.create(try Town.user("one"), by: town.actor())
      await #expect(throws: AccountError.taken(field: "username")) {
        try await town.stores.accounts.create(try Town.user("ONE", "b.example"), by: town.actor())
      }
      // Behind the folding types' backs.
      for change in [
        "email = 'ONE@people.example', username = 'x'", "email = 'x', username = 'ONE'",
      ] {
        _ = try await town.count("accounts_user")
        await #expect(throws: StoreError.self) {
          try await town.database.run(
            """
            INSERT INTO public.accounts_user (email, username, password) VALUES ('q', 'q', '');
            UPDATE public.accounts_user SET \(change) WHERE username = 'q';
            """)
        }
      }
      #expect(try await town.audited(.userCreated) == 1)
    }
  }
}
