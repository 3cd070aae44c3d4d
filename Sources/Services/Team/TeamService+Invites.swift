// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TeamService {
  /// Of an invite's message to the person.
  private static let maxMessage = 2_000

  package func listInvites(
    _ request: TraksenseV1.ListInvitesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListInvitesResponse {
    let tenant = try context.tenant()
    let wanted = try PageRequest(page: request.page, pageSize: request.pageSize)
    let page = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.team.invites(of: tenant, wanted)
    }.checked(wanted)
    return TraksenseV1.ListInvitesResponse(
      count: UInt32(clamping: page.count), results: page.items.map { message($0, of: tenant) })
  }

  package func getInvite(
    _ request: TraksenseV1.GetInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    let tenant = try context.tenant()
    return message(try await invite(Int64(request.id), of: tenant, context), of: tenant)
  }

  package func createInvite(
    _ request: TraksenseV1.CreateInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    let tenant = try context.tenant()
    let ceiling = try ceiling(context)
    var problems = FieldProblems()
    let email = problems.email(request.email)
    let role = problems.role(request.role) ?? .viewer
    let note = problems.text(request.message?.value ?? "", "message", maxLength: Self.maxMessage)
    try problems.check()
    guard let email else { throw .invalid("email", FieldProblems.isRequired) }
    let inviter = try await inviter(context)
    let secret = try desk.secret(context)
    let invite = NewInvite(
      tenant: tenant, email: email, role: role, message: note.isEmpty ? nil : note,
      invitedBy: inviter?.id, digest: secret.digest, expiresAt: expiry,
      mail: mail(
        to: email, tenant, by: inviter?.displayName ?? "", role, note.isEmpty ? nil : note,
        secret.text))
    let created = try await desk.changed(context) { () async throws(AccountError) in
      try await ports.team.createInvite(invite, ceiling: ceiling, by: desk.actor(context))
    }
    return message(created, of: tenant)
  }

  package func updateInvite(
    _ request: TraksenseV1.UpdateInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    let tenant = try context.tenant()
    let ceiling = try ceiling(context)
    let fields = FieldSelection(request.updateMask)
    var problems = FieldProblems()
    var role: Role?
    var note: String?
    if fields.changes("role", isSet: !request.role.isEmpty) {
      problems.present(request.role, "role")
      role = problems.role(request.role)
    }
    if fields.changes("message", isSet: request.message != nil) {
      note = problems.text(request.message?.value ?? "", "message", maxLength: Self.maxMessage)
    }
    try problems.check()
    let (newRole, newNote) = (role, note)
    let changed = try await desk.changed(context) { () async throws(AccountError) in
      try await ports.team.updateInvite(
        id: Int64(request.id), of: tenant, role: newRole, message: newNote, ceiling: ceiling,
        by: desk.actor(context))
    }
    return message(changed, of: tenant)
  }

  package func cancelInvite(
    _ request: TraksenseV1.CancelInviteRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    let tenant = try context.tenant()
    try await desk.changed(context) { () async throws(AccountError) in
      try await ports.team.cancelInvite(
        id: Int64(request.id), of: tenant, by: desk.actor(context))
    }
    return ProtoEmpty()
  }

  package func resendInvite(
    _ request: TraksenseV1.ResendInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Invite {
    let tenant = try context.tenant()
    let ceiling = try ceiling(context)
    let old = try await invite(Int64(request.id), of: tenant, context)
    guard ceiling.mayAssign(old.role) else { throw desk.failure(.roleTooLow, context) }
    let inviter = try await inviter(context)
    let secret = try desk.secret(context)
    let mail = mail(
      to: old.email, tenant, by: inviter?.displayName ?? old.invitedByName, old.role, old.message,
      secret.text)
    let renewed = try await desk.changed(context) { () async throws(AccountError) in
      try await ports.team.renewInvite(
        id: old.id, of: tenant, digest: secret.digest, expiresAt: expiry, mail: mail,
        by: desk.actor(context))
    }
    return message(renewed, of: tenant)
  }

  /// The one RPC whose caller may have a session of another tenant: the call's is the invite's.
  package func acceptTeamInvite(
    _ request: TraksenseV1.AcceptTeamInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AcceptTeamInviteResponse {
    let tenant = try context.tenant()
    let person = try context.person()
    guard !request.token.isEmpty else { throw .invalid("token", FieldProblems.isRequired) }
    let digest = try desk.digest(of: request.token, context)
    let member = try await desk.changed(context, about: .invite) { () async throws(AccountError) in
      try await ports.team.acceptInvite(
        digest: digest, of: tenant, user: person.id, by: desk.actor(context))
    }
    return TraksenseV1.AcceptTeamInviteResponse(
      message: "You are a member of \(tenant.name) now.",
      membership: try message(member, context))
  }

  // MARK: Parts

  private var expiry: Timestamp { desk.now.advanced(by: desk.settings.inviteLifetime) }

  private func mail(
    to email: EmailAddress, _ tenant: Tenant, by inviter: String, _ role: Role, _ note: String?,
    _ secret: String
  ) -> MailMessage {
    desk.mails.invite(
      to: email, tenant: tenant, by: inviter, role: role, message: note, secret: secret,
      days: Int(desk.settings.inviteLifetime.components.seconds / 86_400))
  }

  /// - Returns: nil when a program invites.
  private func inviter(_ context: ServerContext) async throws(RPCError) -> UserAccount? {
    guard let id = try context.principal().userID else { return nil }
    return try await desk.user(id, context)
  }

  private func invite(
    _ id: Int64, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> Invite {
    let invite = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.team.invite(id: id, of: tenant)
    }
    guard let invite else { throw .notFound("id", "There is no such invite.") }
    return invite
  }

  private func message(_ invite: Invite, of tenant: Tenant) -> TraksenseV1.Invite {
    let status = invite.status(at: desk.now)
    return TraksenseV1.Invite(
      id: UInt32(clamping: invite.id), email: invite.email.rawValue, role: invite.role.rawValue,
      status: status.rawValue, message: ProtoStringValue(invite.message),
      invitedByEmail: ProtoStringValue(invite.invitedBy?.rawValue),
      invitedByName: invite.invitedByName, tenantName: tenant.name,
      createdAt: ProtoTimestamp(invite.createdAt), expiresAt: ProtoTimestamp(invite.expiresAt),
      acceptedAt: invite.acceptedAt.map { ProtoTimestamp($0) }, isValid: status == .pending,
      isExpired: status == .expired)
  }
}
