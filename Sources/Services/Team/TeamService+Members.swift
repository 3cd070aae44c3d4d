// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TeamService {
  package func listMembers(
    _ request: TraksenseV1.ListMembersRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListMembersResponse {
    let tenant = try context.tenant()
    let wanted = try PageRequest(page: request.page, pageSize: request.pageSize)
    let page = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.team.members(of: tenant, wanted)
    }.checked(wanted)
    var response = TraksenseV1.ListMembersResponse(count: UInt32(clamping: page.count))
    for member in page.items { response.results.append(try message(member, context)) }
    return response
  }

  package func getMember(
    _ request: TraksenseV1.GetMemberRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Member {
    let tenant = try context.tenant()
    let member = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.team.member(id: Int64(request.id), of: tenant)
    }
    guard let member else { throw .notFound("id", "There is no such member.") }
    return try message(member, context)
  }

  package func updateMember(
    _ request: TraksenseV1.UpdateMemberRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Member {
    let fields = FieldSelection(request.updateMask)
    var problems = FieldProblems()
    var role: Role?
    var status: MembershipStatus?
    if fields.changes("role", isSet: !request.role.isEmpty) {
      problems.present(request.role, "role")
      role = problems.role(request.role)
    }
    if fields.changes("status", isSet: !request.status.isEmpty) {
      status = MembershipStatus(rawValue: request.status.lowercased())
      if status == nil {
        let all = MembershipStatus.allCases.map(\.rawValue).joined(separator: ", ")
        problems.add("status", "Must be one of: \(all).")
      }
    }
    try problems.check()
    return try await change(
      Int64(request.id), role: role, status: status, lastOwner: role == nil ? "status" : "role",
      context)
  }

  package func removeMember(
    _ request: TraksenseV1.RemoveMemberRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    _ = try await change(
      Int64(request.id), role: nil, status: .inactive, lastOwner: "status", context)
    return ProtoEmpty()
  }

  /// - Parameter lastOwner: the field that is named when no owner would be left.
  private func change(
    _ id: Int64, role: Role?, status: MembershipStatus?, lastOwner: String,
    _ context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Member {
    let tenant = try context.tenant()
    let ceiling = try ceiling(context)
    let member = try await desk.changed(context, about: .member(field: lastOwner)) {
      () async throws(AccountError) in
      try await ports.team.updateMember(
        id: id, of: tenant, role: role, status: status, ceiling: ceiling, by: desk.actor(context))
    }
    return try message(member, context)
  }

  package func getTeamStats(
    _ request: TraksenseV1.GetTeamStatsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TeamStats {
    let tenant = try context.tenant()
    let stats = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.team.stats(of: tenant, at: desk.now)
    }
    var message = TraksenseV1.TeamStats(
      totalMembers: UInt32(clamping: stats.total),
      activeMembers: UInt32(clamping: stats.byStatus[.active] ?? 0),
      pendingInvites: UInt32(clamping: stats.pendingInvites))
    for role in Role.allCases {
      message.membersByRole[role.rawValue] = UInt32(clamping: stats.byRole[role] ?? 0)
    }
    for status in MembershipStatus.allCases {
      message.membersByStatus[status.rawValue] = UInt32(clamping: stats.byStatus[status] ?? 0)
    }
    return message
  }

  /// A member as the API shows one.
  func message(
    _ member: Member, _ context: ServerContext
  ) throws(RPCError) -> TraksenseV1.Member {
    let (user, membership) = (member.user, member.membership)
    return TraksenseV1.Member(
      id: UInt32(clamping: membership.id),
      user: TraksenseV1.MemberUser(
        id: UInt32(clamping: user.id), email: user.email.rawValue,
        username: user.username.rawValue, firstName: user.profile.firstName,
        lastName: user.profile.lastName, fullName: user.displayName, initials: user.initials,
        avatar: try desk.url(ofAvatar: user.avatar, context)),
      role: membership.role.rawValue, status: membership.status.rawValue,
      invitedByEmail: ProtoStringValue(membership.invitedBy?.rawValue),
      joinedAt: ProtoTimestamp(membership.joinedAt),
      updatedAt: ProtoTimestamp(membership.updatedAt),
      canManageTeam: membership.role.canManageTeam, canWrite: membership.role.canWrite,
      canDeleteTenant: membership.role.canDeleteTenant)
  }
}
