// SPDX-License-Identifier: Apache-2.0

/// What was done, by whom. Written in the transaction that does it.
package struct AuditEvent: Hashable, Sendable {
  package enum Action: String, Hashable, Sendable, CaseIterable {
    case registered = "account.registered"
    case signedIn = "account.signed_in"
    case signInFailed = "account.sign_in_failed"
    case signInLocked = "account.sign_in_locked"
    case signedOut = "account.signed_out"
    case refreshReused = "account.refresh_reused"
    case sessionRevoked = "account.session_revoked"
    case profileChanged = "account.profile_changed"
    case passwordChanged = "account.password_changed"
    case resetRequested = "account.password_reset_requested"
    case passwordReset = "account.password_reset"
    case avatarChanged = "account.avatar_changed"
    case inviteCreated = "team.invite_created"
    case inviteChanged = "team.invite_changed"
    case inviteCancelled = "team.invite_cancelled"
    case inviteResent = "team.invite_resent"
    case inviteAccepted = "team.invite_accepted"
    case memberChanged = "team.member_changed"
    case memberRemoved = "team.member_removed"
    case apiKeyCreated = "api_key.created"
    case apiKeyRotated = "api_key.rotated"
    case apiKeyRevoked = "api_key.revoked"
    case tenantCreated = "tenant.created"
    case tenantChanged = "tenant.changed"
    case tenantSuspended = "tenant.suspended"
    case tenantResumed = "tenant.resumed"
    case tenantDeleted = "tenant.deleted"
    case domainAdded = "tenant.domain_added"
    case domainRemoved = "tenant.domain_removed"
    case userCreated = "account.created"
  }

  package var id: Int64
  package var at: Timestamp
  package var action: Action
  /// nil: of no tenant.
  package var tenant: Int64?
  /// `user:12`, `api_key:3`, `service:…`, `command`; empty: nobody known.
  package var actor: String
  /// What it was done to: `member:5`, `invite:7`; empty: nothing else.
  package var subject: String
  package var origin: CallOrigin
  /// Further facts without secrets: `role: viewer → admin`.
  package var detail: String

  package init(
    id: Int64, at: Timestamp, action: Action, tenant: Int64?, actor: String, subject: String,
    origin: CallOrigin, detail: String
  ) {
    self.id = id
    self.at = at
    self.action = action
    self.tenant = tenant
    self.actor = actor
    self.subject = subject
    self.origin = origin
    self.detail = detail
  }
}
