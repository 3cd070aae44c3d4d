// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AuthService {
  package func validateInvite(
    _ request: TraksenseV1.ValidateInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ValidateInviteResponse {
    let tenant = try context.tenant()
    var problems = FieldProblems()
    problems.present(request.token, "token")
    try problems.check()
    let invite = try await invite(request.token, of: tenant, context)
    return TraksenseV1.ValidateInviteResponse(
      id: UInt32(clamping: invite.id), email: invite.email.rawValue, role: invite.role.rawValue,
      tenantName: tenant.name, tenantSlug: tenant.slug.rawValue,
      invitedByName: invite.invitedByName, expiresAt: ProtoTimestamp(invite.expiresAt))
  }

  /// Looks at the invite first, so that hashing is for invited people only.
  package func acceptInvite(
    _ request: TraksenseV1.AcceptInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AcceptInviteResponse {
    let tenant = try context.tenant()
    var problems = FieldProblems()
    problems.present(request.token, "token")
    let names = problems.names(request.name)
    if names.first.isEmpty { problems.add("name", FieldProblems.isRequired) }
    problems.present(request.password, "password")
    try problems.check()
    let invite = try await invite(request.token, of: tenant, context)
    let password = PlainPassword(request.password)
    problems.password(
      password, "password",
      for: PasswordPolicy.Person(
        email: invite.email.rawValue, firstName: names.first, lastName: names.last))
    try problems.check()
    let hash = try await desk.hash(password, context)
    let digest = try desk.digest(of: request.token, context)
    var profile = UserProfile()
    (profile.firstName, profile.lastName) = names
    let complete = profile
    let member = try await desk.changed(context, about: .invite) { () async throws(AccountError) in
      try await ports.team.acceptInvite(
        digest: digest, of: tenant, profile: complete, password: hash, by: desk.actor(context))
    }
    return TraksenseV1.AcceptInviteResponse(
      message: "Welcome. You can sign in now.",
      user: TraksenseV1.InvitedUser(
        id: UInt32(clamping: member.user.id), email: member.user.email.rawValue,
        fullName: member.user.displayName),
      membership: TraksenseV1.InvitedMembership(
        tenantName: tenant.name, tenantSlug: tenant.slug.rawValue,
        role: member.membership.role.rawValue))
  }

  private func invite(
    _ token: String, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> Invite {
    let digest = try desk.digest(of: token, context)
    return try await desk.changed(context, about: .invite) { () async throws(AccountError) in
      try await ports.team.invite(digest: digest, of: tenant, at: desk.now)
    }
  }
}
