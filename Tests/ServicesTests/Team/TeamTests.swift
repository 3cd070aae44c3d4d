// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Teams", .timeLimit(.minutes(5)))
struct TeamTests {
  private func member(
    _ fixture: AccountFixture, _ name: String, _ options: CallOptions
  ) async throws -> TraksenseV1.Member {
    let all = try await fixture.team.listMembers(.init(), options: options)
    return try #require(all.results.first { $0.user?.email == "\(name)@umc.example" })
  }

  @Test("members are listed newest first, whatever their status, page by page")
  func list() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let all = try await fixture.team.listMembers(.init(), options: options)
    #expect(all.count == 7 && all.results.count == 7)
    #expect(all.results.first?.status == "inactive" && all.results.last?.role == "viewer")
    #expect(all.results.allSatisfy { $0.user?.email.hasSuffix("@umc.example") == true })
    let owner = try await member(fixture, "owner", options)
    #expect(owner.canManageTeam && owner.canWrite && owner.canDeleteTenant)
    #expect(owner.invitedByEmail == nil)
    let page = try await fixture.team.listMembers(.init(page: 2, pageSize: 4), options: options)
    #expect(page.count == 7 && page.results == Array(all.results.dropFirst(4)))
    await Expected(.notFound, "page").check { () async throws(RPCError) in
      try await fixture.team.listMembers(.init(page: 3, pageSize: 4), options: options)
    }
    await Expected(.invalidArgument, "page_size").check { () async throws(RPCError) in
      try await fixture.team.listMembers(.init(pageSize: 501), options: options)
    }
    _ = try await fixture.team.listMembers(.init(page: 1, pageSize: 500), options: options)
  }

  @Test("another tenant's member is not found")
  func foreign() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("owner")
    let foreign = try #require(
      fixture.accounts.edit { $0.memberships.first { $0.tenant == 2 }?.id })
    let id = UInt32(foreign)
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.team.getMember(.init(id: id), options: options)
    }
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.team.updateMember(.init(id: id, role: "viewer"), options: options)
    }
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.team.removeMember(.init(id: id), options: options)
    }
  }

  @Test("changes answer with the whole member; wrong values are named")
  func update() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let viewer = try await member(fixture, "viewer", options)
    let changed = try await fixture.team.updateMember(
      .init(id: viewer.id, role: "Operator"), options: options)
    #expect(changed.role == "operator" && changed.canWrite && changed.user == viewer.user)
    let error = await refusal { () async throws(RPCError) in
      try await fixture.team.updateMember(
        .init(
          id: viewer.id, role: "king", status: "",
          updateMask: ProtoFieldMask(paths: ["role", "status"])), options: options)
    }
    #expect(error.code == .invalidArgument && error.fields == ["role", "status"])
  }

  @Test("nobody reaches above their own role")
  func ceiling() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let admin = try await member(fixture, "admin", options)
    let owner = try await member(fixture, "owner", options)
    for request in [
      TraksenseV1.UpdateMemberRequest(id: admin.id, role: "owner"),
      TraksenseV1.UpdateMemberRequest(id: owner.id, role: "viewer"),
      TraksenseV1.UpdateMemberRequest(id: owner.id, status: "inactive"),
    ] {
      await Expected(.permissionDenied).check { () async throws(RPCError) in
        try await fixture.team.updateMember(request, options: options)
      }
    }
    await Expected(.permissionDenied).check { () async throws(RPCError) in
      try await fixture.team.removeMember(.init(id: owner.id), options: options)
    }
    await Expected(.permissionDenied).check { () async throws(RPCError) in
      try await fixture.team.createInvite(
        .init(email: "new@umc.example", role: "owner"), options: options)
    }
  }

  @Test("a tenant keeps an active owner, and the field that would end that is named")
  func lastOwner() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("owner")
    let owner = try await member(fixture, "owner", options)
    await Expected(.invalidArgument, "role").check { () async throws(RPCError) in
      try await fixture.team.updateMember(.init(id: owner.id, role: "admin"), options: options)
    }
    await Expected(.invalidArgument, "status").check { () async throws(RPCError) in
      try await fixture.team.updateMember(
        .init(id: owner.id, status: "suspended"), options: options)
    }
    await Expected(.invalidArgument, "status").check { () async throws(RPCError) in
      try await fixture.team.removeMember(.init(id: owner.id), options: options)
    }
  }

  @Test("who is removed is out at once and can be invited again")
  func removal() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let session = try await fixture.session("viewer")
    let viewer = try await member(fixture, "viewer", options)
    _ = try await fixture.team.removeMember(.init(id: viewer.id), options: options)
    await Expected(.unauthenticated).check { () async throws(RPCError) in
      try await fixture.account.getMe(.init(), options: fixture.bearer(session.access))
    }
    _ = try await fixture.team.createInvite(
      .init(email: "viewer@umc.example", role: "technician"), options: options)
    // With a session of another tenant.
    let user = try #require(fixture.user("viewer"))
    fixture.accounts.edit { $0.join(user.id, 2, .viewer, at: fixture.clock.now) }
    let elsewhere = try await fixture.session("viewer", in: "acme")
    let joined = try await fixture.team.acceptTeamInvite(
      .init(token: try fixture.mailedSecret()), options: fixture.bearer(elsewhere.access))
    #expect(joined.membership?.role == "technician" && joined.membership?.status == "active")
  }

  @Test("counts tell active members by role and all by status")
  func stats() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    _ = try await fixture.team.createInvite(.init(email: "n@umc.example"), options: options)
    let stats = try await fixture.team.getTeamStats(.init(), options: options)
    #expect(stats.totalMembers == 7 && stats.activeMembers == 5 && stats.pendingInvites == 1)
    #expect(stats.membersByRole["owner"] == 1)
    #expect(stats.membersByStatus == ["active": 5, "inactive": 1, "suspended": 1])
  }
}
