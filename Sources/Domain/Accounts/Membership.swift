// SPDX-License-Identifier: Apache-2.0

/// That a user belongs to a tenant, and as what.
package struct Membership: Hashable, Sendable {
  /// Primary key in `public.accounts_membership`.
  package var id: Int64
  package var tenant: Int64
  package var user: Int64
  package var role: Role
  package var status: MembershipStatus
  /// Address of who invited them; nil: nobody did.
  package var invitedBy: EmailAddress?
  package var joinedAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: Int64, tenant: Int64, user: Int64, role: Role, status: MembershipStatus = .active,
    invitedBy: EmailAddress? = nil, joinedAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.tenant = tenant
    self.user = user
    self.role = role
    self.status = status
    self.invitedBy = invitedBy
    self.joinedAt = joinedAt
    self.updatedAt = updatedAt
  }
}

/// A membership with the person it is about.
package struct Member: Hashable, Sendable {
  package var membership: Membership
  package var user: UserAccount

  package init(membership: Membership, user: UserAccount) {
    self.membership = membership
    self.user = user
  }
}
