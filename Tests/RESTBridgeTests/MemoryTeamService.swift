// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Synchronization
import TrakSenseAPI

/// A team of as many as the record says.
struct MemoryTeamService: TraksenseV1.TeamServiceProtocol {
  let record: MemoryAccounts.Record

  func listMembers(
    _ request: TraksenseV1.ListMembersRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListMembersResponse {
    try record.note(request, context)
    let count = record.count.withLock { $0 }
    let size = request.pageSize == 0 ? 50 : request.pageSize
    let first = (max(1, request.page) - 1) * size
    guard first == 0 || first < count else { throw RPCError(.notFound, "Invalid page.") }
    let ids = first == count ? [] : Array((first + 1)...min(count, first + size))
    return .init(count: count, results: ids.map { .init(id: $0) })
  }

  func getMember(
    _ request: TraksenseV1.GetMemberRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Member {
    try record.note(request, context)
    return .init(id: request.id)
  }

  func updateMember(
    _ request: TraksenseV1.UpdateMemberRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Member {
    try record.note(request, context)
    return .init(id: request.id)
  }

  func removeMember(
    _ request: TraksenseV1.RemoveMemberRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    try record.note(request, context)
    return .init()
  }

  func getTeamStats(
    _ request: TraksenseV1.GetTeamStatsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TeamStats {
    try record.note(request, context)
    return .init(totalMembers: 3, membersByRole: ["owner": 1])
  }

  func listInvites(
    _ request: TraksenseV1.ListInvitesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListInvitesResponse {
    try record.note(request, context)
    return .init()
  }

  func createInvite(
    _ request: TraksenseV1.CreateInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    try record.note(request, context)
    return .init(id: 1, email: request.email)
  }

  func getInvite(
    _ request: TraksenseV1.GetInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    try record.note(request, context)
    return .init(id: request.id)
  }

  func updateInvite(
    _ request: TraksenseV1.UpdateInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    try record.note(request, context)
    return .init(id: request.id)
  }

  func cancelInvite(
    _ request: TraksenseV1.CancelInviteRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    try record.note(request, context)
    return .init()
  }

  func resendInvite(
    _ request: TraksenseV1.ResendInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    try record.note(request, context)
    return .init(id: request.id)
  }

  func acceptTeamInvite(
    _ request: TraksenseV1.AcceptTeamInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AcceptTeamInviteResponse {
    try record.note(request, context)
    return .init(message: "Joined.")
  }
}

/// A tenant with nothing in it.
struct MemoryTenantService: TraksenseV1.TenantServiceProtocol {
  let record: MemoryAccounts.Record

  func getTenant(
    _ request: TraksenseV1.GetTenantRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Tenant {
    try record.note(request, context)
    return .init(slug: "umc")
  }

  func updateTenant(
    _ request: TraksenseV1.UpdateTenantRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Tenant {
    try record.note(request, context)
    return .init(slug: "umc", name: request.name)
  }

  func listAPIKeys(
    _ request: TraksenseV1.ListAPIKeysRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListAPIKeysResponse {
    try record.note(request, context)
    return .init()
  }

  func createAPIKey(
    _ request: TraksenseV1.CreateAPIKeyRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.CreateAPIKeyResponse {
    try record.note(request, context)
    return .init(key: "tsk_1_x")
  }

  func rotateAPIKey(
    _ request: TraksenseV1.RotateAPIKeyRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.CreateAPIKeyResponse {
    try record.note(request, context)
    return .init(key: "tsk_1_y")
  }

  func revokeAPIKey(
    _ request: TraksenseV1.RevokeAPIKeyRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    try record.note(request, context)
    return .init()
  }

  func listAuditEvents(
    _ request: TraksenseV1.ListAuditEventsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListAuditEventsResponse {
    try record.note(request, context)
    return .init()
  }
}
