// SPDX-License-Identifier: Apache-2.0

/// That somebody is asked to join a tenant. The secret in the mail's link is stored as a digest only.
package struct Invite: Hashable, Sendable {
  package enum Status: String, Hashable, Sendable, CaseIterable {
    case pending
    case accepted
    case expired
    case cancelled
  }

  /// Primary key in `public.accounts_invite`.
  package var id: Int64
  package var tenant: Int64
  package var email: EmailAddress
  package var role: Role
  /// As stored; a pending one past its time has expired all the same, see ``status(at:)``.
  package var storedStatus: Status
  package var message: String?
  /// Who invited; nil: that user is gone.
  package var invitedBy: EmailAddress?
  package var invitedByName: String
  package var createdAt: Timestamp
  package var expiresAt: Timestamp
  package var acceptedAt: Timestamp?

  package init(
    id: Int64, tenant: Int64, email: EmailAddress, role: Role, storedStatus: Status = .pending,
    message: String? = nil, invitedBy: EmailAddress? = nil, invitedByName: String = "",
    createdAt: Timestamp, expiresAt: Timestamp, acceptedAt: Timestamp? = nil
  ) {
    self.id = id
    self.tenant = tenant
    self.email = email
    self.role = role
    self.storedStatus = storedStatus
    self.message = message
    self.invitedBy = invitedBy
    self.invitedByName = invitedByName
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.acceptedAt = acceptedAt
  }

  package func status(at now: Timestamp) -> Status {
    storedStatus == .pending && expiresAt <= now ? .expired : storedStatus
  }
}
