// SPDX-License-Identifier: Apache-2.0

/// Members and invites of tenants. Port: implemented by `Persistence`. Every change checks the rules inside its
/// transaction: nobody reaches beyond their own role, and a tenant keeps an active owner.
package protocol TeamStore: Sendable {
  /// Newest first, whatever their status.
  func members(of tenant: Tenant, _ page: PageRequest) async throws(StoreError) -> Page<Member>

  func member(id: Int64, of tenant: Tenant) async throws(StoreError) -> Member?

  func member(user: Int64, of tenant: Tenant) async throws(StoreError) -> Member?

  /// Sets what is not nil. Who loses their membership loses their sessions in the tenant.
  /// - Throws: `.notFound`, `.lastOwner`, `.roleTooLow`.
  func updateMember(
    id: Int64, of tenant: Tenant, role: Role?, status: MembershipStatus?, ceiling: Role,
    by actor: AuditActor
  ) async throws(AccountError) -> Member

  func stats(of tenant: Tenant, at now: Timestamp) async throws(StoreError) -> TeamStats

  // MARK: Invites

  /// Newest first.
  func invites(of tenant: Tenant, _ page: PageRequest) async throws(StoreError) -> Page<Invite>

  func invite(id: Int64, of tenant: Tenant) async throws(StoreError) -> Invite?

  /// - Throws: `.alreadyMember` (an active or suspended one), `.alreadyInvited`, `.roleTooLow`.
  func createInvite(
    _ new: NewInvite, ceiling: Role, by actor: AuditActor
  ) async throws(AccountError) -> Invite

  /// Changes role and message of a pending invite: what is not nil.
  /// - Throws: `.notFound`, `.notPending`, `.roleTooLow`.
  func updateInvite(
    id: Int64, of tenant: Tenant, role: Role?, message: String?, ceiling: Role, by actor: AuditActor
  ) async throws(AccountError) -> Invite

  /// - Throws: `.notFound`, `.notPending`.
  func cancelInvite(id: Int64, of tenant: Tenant, by actor: AuditActor) async throws(AccountError)

  /// A new secret and a new end, and another mail.
  /// - Throws: `.notFound`, `.notPending`.
  func renewInvite(
    id: Int64, of tenant: Tenant, digest: SecretDigest, expiresAt: Timestamp, mail: MailMessage,
    by actor: AuditActor
  ) async throws(AccountError) -> Invite

  /// - Throws: `.notFound` (other tenants' secrets too), `.notPending`, `.expired`.
  func invite(
    digest: SecretDigest, of tenant: Tenant, at now: Timestamp
  ) async throws(AccountError) -> Invite

  /// Joins somebody who has an account already; a membership that ended is taken up again.
  /// - Throws: `.notFound`, `.notPending`, `.expired`, `.wrongPerson`, `.alreadyMember`.
  func acceptInvite(
    digest: SecretDigest, of tenant: Tenant, user: Int64, by actor: AuditActor
  ) async throws(AccountError) -> Member

  /// Makes the account that the invite is for, and joins it.
  /// - Parameter password: of the new account.
  /// - Throws: `.notFound`, `.notPending`, `.expired`, `.taken` when the address has an account.
  func acceptInvite(
    digest: SecretDigest, of tenant: Tenant, profile: UserProfile, password: PasswordHash,
    by actor: AuditActor
  ) async throws(AccountError) -> Member
}

/// What an invite is made of.
package struct NewInvite: Sendable {
  package var tenant: Tenant
  package var email: EmailAddress
  package var role: Role
  package var message: String?
  /// nil: a program invites.
  package var invitedBy: Int64?
  package var digest: SecretDigest
  package var expiresAt: Timestamp
  package var mail: MailMessage

  package init(
    tenant: Tenant, email: EmailAddress, role: Role, message: String?, invitedBy: Int64?,
    digest: SecretDigest, expiresAt: Timestamp, mail: MailMessage
  ) {
    self.tenant = tenant
    self.email = email
    self.role = role
    self.message = message
    self.invitedBy = invitedBy
    self.digest = digest
    self.expiresAt = expiresAt
    self.mail = mail
  }
}

package struct TeamStats: Hashable, Sendable {
  package var total: Int
  package var pendingInvites: Int
  /// Active members only.
  package var byRole: [Role: Int]
  package var byStatus: [MembershipStatus: Int]

  package init(
    total: Int, pendingInvites: Int, byRole: [Role: Int], byStatus: [MembershipStatus: Int]
  ) {
    self.total = total
    self.pendingInvites = pendingInvites
    self.byRole = byRole
    self.byStatus = byStatus
  }
}
