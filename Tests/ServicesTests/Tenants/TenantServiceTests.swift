// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("The tenant itself", .timeLimit(.minutes(5)))
struct TenantServiceTests {
  @Test("members see it, admins rename it")
  func rename() async throws {
    let fixture = try await AccountFixture()
    let seen = try await fixture.tenant.getTenant(
      .init(), options: try await fixture.options("viewer"))
    #expect(seen.slug == "umc" && seen.domains == ["umc.localhost"] && seen.activeMembers == 5)
    let options = try await fixture.options("admin")
    let renamed = try await fixture.tenant.updateTenant(.init(name: " UMC 2 "), options: options)
    #expect(renamed.name == "UMC 2")
    for name in [" ", String(repeating: "a", count: 101)] {
      await Expected(.invalidArgument, "name").check { () async throws(RPCError) in
        try await fixture.tenant.updateTenant(
          .init(name: name, updateMask: ProtoFieldMask(paths: ["name"])), options: options)
      }
    }
    _ = try await fixture.tenant.updateTenant(
      .init(name: String(repeating: "a", count: 100)), options: options)
  }

  @Test("a key is shown once, opens what its scopes say, and is over when revoked")
  func keys() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let made = try await fixture.tenant.createAPIKey(
      .init(name: "reports", scopes: ["read"]), options: options)
    let id = try #require(made.apiKey?.id)
    #expect(made.key.hasPrefix("tsk_\(made.apiKey?.prefix ?? "?")_") && made.key.utf8.count == 60)
    let mine = fixture.bearer(made.key)
    _ = try await fixture.tenant.getTenant(.init(), options: mine)
    await Expected(.permissionDenied).check { () async throws(RPCError) in
      try await fixture.tenant.listAPIKeys(.init(), options: mine)
    }
    let listed = try await fixture.tenant.listAPIKeys(.init(), options: options)
    #expect(listed.count == 1 && listed.results.first?.lastUsedAt != nil)
    #expect(listed.results.first?.scopes == ["read"])
    _ = try await fixture.tenant.revokeAPIKey(.init(id: id), options: options)
    let over = await refusal { () async throws(RPCError) in
      try await fixture.tenant.getTenant(.init(), options: mine)
    }
    #expect(over.code == .unauthenticated && over.reason == "api_key_not_valid")
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.tenant.revokeAPIKey(.init(id: 9_999), options: options)
    }
  }

  @Test("after rotation both keys count until the overlap is over")
  func rotation() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let old = try await fixture.tenant.createAPIKey(
      .init(name: "n", scopes: ["read", "ingest"]), options: options)
    let id = try #require(old.apiKey?.id)
    await Expected(.invalidArgument, "overlap_seconds").check { () async throws(RPCError) in
      try await fixture.tenant.rotateAPIKey(
        .init(id: id, overlapSeconds: 2_592_001), options: options)
    }
    let new = try await fixture.tenant.rotateAPIKey(
      .init(id: id, overlapSeconds: 60), options: options)
    #expect(new.apiKey?.scopes == ["ingest", "read"] && new.apiKey?.name == "n")
    fixture.clock.advance(by: .seconds(59))
    for key in [old.key, new.key] {
      _ = try await fixture.tenant.getTenant(.init(), options: fixture.bearer(key))
    }
    fixture.clock.advance(by: .seconds(1))
    await Expected(.unauthenticated).check { () async throws(RPCError) in
      try await fixture.tenant.getTenant(.init(), options: fixture.bearer(old.key))
    }
    _ = try await fixture.tenant.getTenant(.init(), options: fixture.bearer(new.key))
    await Expected(.failedPrecondition).check { () async throws(RPCError) in
      try await fixture.tenant.rotateAPIKey(.init(id: id), options: options)
    }
  }

  @Test("all wrong fields of a new key are named")
  func wrongKey() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let past = ProtoTimestamp(microseconds: fixture.clock.now.microseconds)
    for (request, fields) in [
      (TraksenseV1.CreateAPIKeyRequest(expiresAt: past), ["expires_at", "name", "scopes"]),
      (.init(name: "n", scopes: ["read", "write"]), ["scopes[1]"]),
      (.init(name: String(repeating: "a", count: 101), scopes: ["read"]), ["name"]),
    ] {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.tenant.createAPIKey(request, options: options)
      }
      #expect(error.code == .invalidArgument && error.fields == fields)
    }
  }

  @Test("what was done is told newest first, of this tenant only, with who and from where")
  func audit() async throws {
    let fixture = try await AccountFixture()
    var options = try await fixture.options("admin")
    options.metadata.add("test-agent/1", for: "user-agent")
    _ = try await fixture.tenant.updateTenant(.init(name: "A"), options: options)
    _ = try await fixture.team.createInvite(.init(email: "n@umc.example"), options: options)
    _ = try await fixture.tenant.updateTenant(
      .init(name: "B"), options: try await fixture.options("owner", of: "acme"))
    let page = try await fixture.tenant.listAuditEvents(.init(), options: options)
    #expect(page.results.map(\.action) == ["team.invite_created", "tenant.changed"])
    let admin = try #require(fixture.user("admin"))
    #expect(page.results.allSatisfy { $0.actor == "user:\(admin.id)" })
    #expect(page.results.allSatisfy { $0.userAgent == "test-agent/1" })
    await Expected(.notFound, "page").check { () async throws(RPCError) in
      try await fixture.tenant.listAuditEvents(.init(page: 2), options: options)
    }
  }
}
