// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Registration", .timeLimit(.minutes(5)))
struct RegistrationTests {
  @Test("it makes tenant, schema, host, owner and membership, and writes it down")
  func makesAll() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      #expect(made.tenant.schema == "acme")
      #expect(made.primaryDomain == "acme.localhost")
      #expect(made.owner.email.rawValue == "acme@owners.example")
      #expect(made.owner.subject.text.count == 36)
      #expect(made.owner.joinedAt == noon)
      #expect(!made.owner.isEmailVerified)
      #expect(try await town.stores.directory.tenant(host: "ACME.localhost") == made.tenant)
      #expect(
        try await town.stores.accounts.memberships(of: made.owner.id)
          == [
            TenantMembership(
              tenant: made.tenant, primaryDomain: "acme.localhost", role: .owner)
          ])
      #expect(try await town.database.integer("SELECT count(*) FROM acme.assets_site") == 0)
      #expect(try await town.audited(.tenantCreated) == 1)
      #expect(try await town.audited(.registered) == 1)
      #expect(try await town.stores.accounts.user(id: made.owner.id) == made.owner)
      #expect(try await town.stores.accounts.user(id: made.owner.id + 1) == nil)
    }
  }

  @Test("people are found by address and by user name in any case")
  func credentials() async throws {
    try await withTown { town throws in
      let owner = try await town.register("acme").owner
      for text in ["ACME@owners.example", " acme@OWNERS.EXAMPLE ", "Acme"] {
        let name = try #require(LoginName(text))
        let found = try #require(try await town.stores.accounts.credentials(for: name))
        #expect(found.user == owner)
        #expect(found.password.encoded == "hash of acme")
      }
      for text in ["acme@other.example", "owners.example", "nobody"] {
        let name = try #require(LoginName(text))
        #expect(try await town.stores.accounts.credentials(for: name) == nil)
      }
    }
  }

  @Test("what is taken is told by field, and nothing of the refused one remains")
  func conflicts() async throws {
    try await withTown { town throws in
      try await town.register("acme")
      var tenant = try Town.tenant("other")
      tenant.domains = ["ACME.localhost"]
      let sameEmail = NewUser(
        email: try Town.email("ACME@owners.example"), username: try #require(Username("x")),
        profile: UserProfile(), password: PasswordHash(encoded: ""))
      let cases: [(NewTenant, NewUser, String)] = [
        (try Town.tenant("acme"), try Town.user("new"), "tenant_slug"),
        (tenant, try Town.user("new"), "domain"),
        (try Town.tenant("other"), sameEmail, "email"),
        (try Town.tenant("other"), try Town.user("ACME"), "username"),
      ]
      for (tenant, owner, field) in cases {
        await #expect(throws: AccountError.taken(field: field)) {
          try await town.stores.accounts.register(tenant, owner: owner, by: town.actor())
        }
      }
      await #expect(throws: AccountError.self) {
        try await town.stores.accounts.register(
          NewTenant(slug: try #require(TenantSlug("3m")), name: "3M", domains: ["3m.localhost"]),
          owner: try Town.user("new"), by: town.actor())
      }
      #expect(try await town.count("tenants_tenant") == 1)
      #expect(try await town.count("tenants_domain") == 1)
      #expect(try await town.count("accounts_user") == 1)
      #expect(try await town.count("accounts_membership") == 1)
      #expect(try await town.audited(.registered) == 1)
      #expect(
        try await town.database.integer(
          "SELECT count(*) FROM pg_namespace WHERE nspname IN ('other', 'new')") == 0)
    }
  }

  @Test("of identical registrations at the same time one wins, the others name the field")
  func twins() async throws {
    try await withTown { town throws in
      for round in 0..<3 {
        let outcomes = await atOnce(4) { _ in try await town.register("twin\(round)") }
        let refused = accountErrors(outcomes)
        #expect(refused == [AccountError](repeating: .taken(field: "tenant_slug"), count: 3))
      }
      #expect(try await town.count("tenants_tenant") == 3)
      #expect(try await town.count("accounts_user") == 3)
      #expect(try await town.count("schema_versions") == 4)
    }
  }

  @Test("one address registers one tenant of two at the same time, the other leaves nothing")
  func sameAddress() async throws {
    try await withTown { town throws in
      let outcomes = await atOnce(2) { number in
        try await town.stores.accounts.register(
          try Town.tenant("t\(number)"), owner: try Town.user("same"), by: town.actor())
      }
      #expect(accountErrors(outcomes).count == 1)
      #expect(
        accountErrors(outcomes).allSatisfy {
          $0 == .taken(field: "email") || $0 == .taken(field: "username")
        })
      #expect(try await town.count("tenants_tenant") == 1)
      #expect(
        try await town.database.integer(
          "SELECT count(*) FROM pg_namespace WHERE nspname IN ('t0', 't1')") == 1)
    }
  }
}
