// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("The tenants' registry", .timeLimit(.minutes(5)))
struct TenantRegistryTests {
  @Test("tenants are listed by slug with their hosts and members")
  func listing() async throws {
    try await withTown { town throws in
      let zulu = try await town.stores.tenants.create(Town.tenant("zulu"), by: town.actor())
      let acme = try await town.register("acme").tenant
      let tenants = town.stores.tenants
      let records = try await tenants.tenants()
      #expect(records.map(\.tenant) == [acme, zulu])
      #expect(records.map(\.members) == [1, 0])
      #expect(records.map(\.domains) == [["acme.localhost"], ["zulu.localhost"]])
      #expect(try await tenants.record(of: acme.slug) == records[0])
      let none = try #require(TenantSlug("none"))
      #expect(try await tenants.record(of: none) == nil)
      await #expect(throws: AccountError.taken(field: "tenant_slug")) {
        try await tenants.create(Town.tenant("acme"), by: town.actor())
      }
    }
  }

  @Test("a suspended tenant is flagged at once here, after 10 s elsewhere; its data stays")
  func suspending() async throws {
    try await withTown { town throws in
      let acme = try await town.register("acme").tenant
      let directory = town.stores.directory
      let elsewhere = town.neighbour().directory
      for one in [directory, elsewhere] {
        #expect(try await one.tenant(host: "acme.localhost")?.isSuspended == false)
        #expect(try await one.tenant(slug: acme.slug)?.isSuspended == false)
      }
      let tenants = town.stores.tenants
      try await tenants.setSuspended(true, acme.slug, by: town.actor())
      #expect(try await directory.tenant(host: "acme.localhost")?.isSuspended == true)
      #expect(try await directory.tenant(slug: acme.slug)?.isSuspended == true)
      #expect(try await elsewhere.tenant(slug: acme.slug)?.isSuspended == false)
      town.time.advance(seconds: 10)
      #expect(try await elsewhere.tenant(slug: acme.slug)?.isSuspended == true)
      #expect(try await tenants.record(of: acme.slug)?.suspendedAt == noon)
      #expect(try await town.stores.accounts.memberships(of: 1).isEmpty)
      try await tenants.setSuspended(true, acme.slug, by: town.actor())
      #expect(try await tenants.record(of: acme.slug)?.suspendedAt == noon)
      try await tenants.setSuspended(false, acme.slug, by: town.actor())
      #expect(try await directory.tenant(slug: acme.slug)?.isSuspended == false)
      #expect(try await town.audited(.tenantSuspended) == 1)
      #expect(try await town.audited(.tenantResumed) == 1)
      let none = try #require(TenantSlug("none"))
      await #expect(throws: AccountError.notFound) {
        try await tenants.setSuspended(true, none, by: town.actor())
      }
    }
  }

  @Test("a deleted tenant leaves its people and its audit, and its names can be had again")
  func deleting() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      let session = try await town.signIn(made.owner.id, made.tenant, id: "s")
      #expect(try await town.stores.sessions.grant(session, tenant: made.tenant.id) != nil)
      #expect(try await town.stores.directory.tenant(slug: made.tenant.slug) != nil)
      try await town.stores.tenants.delete(made.tenant.slug, by: town.actor())
      #expect(try await town.stores.sessions.grant(session, tenant: made.tenant.id) == nil)
      #expect(try await town.stores.directory.tenant(slug: made.tenant.slug) == nil)
      #expect(try await town.stores.directory.tenant(host: "acme.localhost") == nil)
      for table in ["tenants_tenant", "tenants_domain", "accounts_membership", "accounts_session"] {
        #expect(try await town.count(table) == 0, "\(table)")
      }
      #expect(try await town.count("schema_versions") == 1)
      #expect(
        try await town.database.integer(
          "SELECT count(*) FROM pg_namespace WHERE nspname = 'acme'") == 0)
      #expect(try await town.stores.accounts.user(id: made.owner.id) != nil)
      let events = try await town.stores.tenants.audit(of: made.tenant, PageRequest())
      #expect(events.items.first?.action == .tenantDeleted)
      await #expect(throws: AccountError.notFound) {
        try await town.stores.tenants.delete(made.tenant.slug, by: town.actor())
      }
      let again = try await town.stores.tenants.create(Town.tenant("acme"), by: town.actor())
      #expect(again.id != made.tenant.id)
      #expect(try await town.database.migrator.migrate().migrated.isEmpty)
    }
  }

  @Test("hosts are added and removed, one is the primary one, nobody's are taken away")
  func domains() async throws {
    try await withTown { town throws in
      let acme = try await town.register("acme").tenant.slug
      let other = try await town.register("other").tenant.slug
      let tenants = town.stores.tenants
      func add(_ domain: String, isPrimary: Bool = false) async throws {
        try await tenants.addDomain(domain, to: acme, isPrimary: isPrimary, by: town.actor())
      }
      func hosts() async throws -> [String]? {
        let record = try await tenants.record(of: acme)
        return record?.domains
      }
      try await add("Acme.Example.COM", isPrimary: true)
      try await add("third.example.com")
      #expect(try await hosts() == ["acme.example.com", "acme.localhost", "third.example.com"])
      #expect(try await town.stores.directory.tenant(host: "third.EXAMPLE.com")?.slug == acme)
      for domain in ["other.localhost", "OTHER.localhost", "third.example.com"] {
        await #expect(throws: AccountError.taken(field: "domain")) { try await add(domain) }
      }
      for domain in ["", "api", "LocalHost", "a b", String(repeating: "x", count: 254)] {
        await #expect(throws: AccountError.self) { try await add(domain) }
      }
      await #expect(throws: AccountError.notFound) {
        try await tenants.removeDomain("other.localhost", from: acme, by: town.actor())
      }
      try await tenants.removeDomain("ACME.example.com", from: acme, by: town.actor())
      #expect(try await hosts() == ["acme.localhost", "third.example.com"])
      #expect(try await town.stores.directory.tenant(host: "acme.example.com") == nil)
      #expect(
        try await town.count("tenants_domain", where: "is_primary AND domain = 'acme.localhost'")
          == 1)
      #expect(try await tenants.record(of: other)?.domains == ["other.localhost"])
    }
  }

  @Test("a tenant is renamed at once; a name has 1 to 100 characters")
  func renaming() async throws {
    try await withTown { town throws in
      let acme = try await town.register("acme").tenant.slug
      #expect(try await town.stores.directory.tenant(slug: acme)?.name == "ACME")
      let longest = String(repeating: "é", count: 100)
      try await town.stores.tenants.rename(acme, to: longest, by: town.actor())
      #expect(try await town.stores.directory.tenant(slug: acme)?.name == longest)
      for name in ["", longest + "x"] {
        await #expect(throws: AccountError.self) {
          try await town.stores.tenants.rename(acme, to: name, by: town.actor())
        }
      }
    }
  }

  @Test("a member is added once; one who left is taken up again")
  func adding() async throws {
    try await withTown { town throws in
      let acme = try await town.register("acme").tenant
      let member = try await town.join("maria", acme, as: .viewer)
      func add() async throws {
        try await town.stores.tenants.addMember(
          user: member.user.id, to: acme.slug, role: .admin, by: town.actor())
      }
      await #expect(throws: AccountError.alreadyMember) { try await add() }
      _ = try await town.stores.team.updateMember(
        id: member.membership.id, of: acme, role: nil, status: .inactive, ceiling: .owner,
        by: town.actor())
      try await add()
      let after = try await town.stores.team.member(id: member.membership.id, of: acme)
      #expect(after?.membership.role == .admin)
      #expect(after?.membership.status == .active)
      await #expect(throws: AccountError.notFound) {
        try await town.stores.tenants.addMember(
          user: 999, to: acme.slug, role: .viewer, by: town.actor())
      }
    }
  }

  @Test("the audit of a tenant is its own, newest first, page by page")
  func audit() async throws {
    try await withTown { town throws in
      let acme = try await town.register("acme").tenant
      let other = try await town.register("other").tenant
      for number in 1...3 {
        try await town.stores.tenants.rename(acme.slug, to: "n\(number)", by: town.actor())
      }
      let page = try await town.stores.tenants.audit(of: acme, PageRequest(number: 1, size: 4))
      #expect(page.count == 5)
      #expect(
        page.items.map(\.action)
          == [.tenantChanged, .tenantChanged, .tenantChanged, .registered])
      #expect(page.items.allSatisfy { $0.tenant == acme.id })
      #expect(try await town.stores.tenants.audit(of: other, PageRequest()).count == 2)
    }
  }
}
