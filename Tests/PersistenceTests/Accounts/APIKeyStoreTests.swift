// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("API keys", .timeLimit(.minutes(5)))
struct APIKeyStoreTests {
  static func create(
    _ town: Town, _ tenant: Tenant, _ prefix: String, expiresAt: Timestamp? = nil
  ) async throws -> APIKey {
    try await town.stores.apiKeys.create(
      NewAPIKey(
        name: "Gateway", prefix: prefix, digest: Town.digest(1), scopes: [.ingest, .read],
        expiresAt: expiresAt),
      for: tenant, by: town.actor())
  }

  @Test("a key is found with its tenant and digest until it ends")
  func finding() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      let other = try await town.register("other").tenant
      let key = try await Self.create(town, tenant, "aaaaaaaaaaaa", expiresAt: noon + 100)
      #expect(key.scopes == [.ingest, .read])
      #expect(key.createdAt == noon)
      let keys = town.stores.apiKeys
      let found = try #require(try await keys.find(prefix: "aaaaaaaaaaaa", at: noon))
      #expect(found.key == key)
      #expect(found.tenant == tenant)
      #expect(found.digest == Town.digest(1))
      #expect(try await keys.find(prefix: "aaaaaaaaaaab", at: noon) == nil)
      #expect(try await keys.keys(of: tenant).map(\.id) == [key.id])
      #expect(try await keys.keys(of: other).isEmpty)
      town.time.advance(seconds: 99)
      #expect(try await keys.find(prefix: "aaaaaaaaaaaa", at: town.time.now) != nil)
      // Remembered, and over all the same.
      town.time.advance(seconds: 1)
      #expect(try await keys.find(prefix: "aaaaaaaaaaaa", at: town.time.now) == nil)
      #expect(try await town.audited(.apiKeyCreated) == 1)
    }
  }

  @Test("the last use is written at most once a minute")
  func use() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      _ = try await Self.create(town, tenant, "a")
      let keys = town.stores.apiKeys
      var seen: [Timestamp?] = []
      for step in [0, 30, 29, 3, 60] {
        town.time.advance(seconds: step)
        _ = try await keys.find(prefix: "a", at: town.time.now)
        seen.append(try await keys.keys(of: tenant)[0].lastUsedAt)
      }
      #expect(seen == [noon, noon, noon, noon + 62, noon + 122])
    }
  }

  @Test("a key of a suspended or removed tenant is nobody's, at once")
  func suspension() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      _ = try await Self.create(town, tenant, "a")
      let keys = town.stores.apiKeys
      let neighbour = town.neighbour().apiKeys
      #expect(try await keys.find(prefix: "a", at: noon) != nil)
      #expect(try await neighbour.find(prefix: "a", at: noon) != nil)
      try await town.stores.tenants.setSuspended(true, tenant.slug, by: town.actor())
      #expect(try await keys.find(prefix: "a", at: noon) == nil)
      #expect(try await neighbour.find(prefix: "a", at: noon) != nil)
      town.time.advance(seconds: 2)
      #expect(try await neighbour.find(prefix: "a", at: town.time.now) == nil)
      try await town.stores.tenants.delete(tenant.slug, by: town.actor())
      #expect(try await town.count("accounts_apikey") == 0)
    }
  }

  @Test("after a rotation both keys count, the old one until the overlap is over")
  func rotation() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      let other = try await town.register("other").tenant
      let old = try await Self.create(town, tenant, "old", expiresAt: noon + 10_000)
      let keys = town.stores.apiKeys
      #expect(try await keys.find(prefix: "old", at: noon) != nil)
      town.time.advance(seconds: 10)
      func rotate(_ tenant: Tenant, _ prefix: String, _ overlap: Int) async throws -> APIKey {
        try await keys.rotate(
          id: old.id, of: tenant, prefix: prefix, digest: Town.digest(2),
          overlap: .seconds(overlap), by: town.actor())
      }
      await #expect(throws: AccountError.notFound) { try await rotate(other, "x", 60) }
      let new = try await rotate(tenant, "new", 60)
      #expect(new.name == old.name)
      #expect(new.scopes == old.scopes)
      #expect(new.expiresAt == noon + 10_010)
      #expect(try await keys.find(prefix: "new", at: town.time.now)?.digest == Town.digest(2))
      #expect(try await keys.find(prefix: "old", at: noon + 69) != nil)
      #expect(try await keys.find(prefix: "old", at: noon + 70) == nil)
      // The overlap never makes a key live longer.
      _ = try await rotate(tenant, "third", 100_000)
      #expect(try await keys.find(prefix: "old", at: noon + 69) != nil)
      #expect(try await keys.find(prefix: "old", at: noon + 70) == nil)
      town.time.advance(seconds: 60)
      await #expect(throws: AccountError.notPending) { try await rotate(tenant, "y", 60) }
      #expect(try await town.audited(.apiKeyRotated) == 2)
    }
  }

  @Test("a revoked key is over at once, and only its own tenant revokes it")
  func revoking() async throws {
    try await withTown { town throws in
      let tenant = try await town.register("acme").tenant
      let other = try await town.register("other").tenant
      let key = try await Self.create(town, tenant, "a")
      let keys = town.stores.apiKeys
      #expect(try await keys.find(prefix: "a", at: noon) != nil)
      await #expect(throws: AccountError.notFound) {
        try await keys.revoke(id: key.id, of: other, by: town.actor())
      }
      try await keys.revoke(id: key.id, of: tenant, by: town.actor())
      #expect(try await keys.find(prefix: "a", at: noon) == nil)
      try await keys.revoke(id: key.id, of: tenant, by: town.actor())
      #expect(try await keys.keys(of: tenant)[0].revokedAt == noon)
      #expect(try await town.audited(.apiKeyRevoked) == 1)
    }
  }
}
