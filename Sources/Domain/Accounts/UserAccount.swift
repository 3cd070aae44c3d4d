// SPDX-License-Identifier: Apache-2.0

/// A person who can sign in, whatever tenants they belong to.
package struct UserAccount: Hashable, Sendable {
  package enum TimeFormat: String, Hashable, Sendable, CaseIterable {
    case hours24 = "24h"
    case hours12 = "12h"
  }

  /// Primary key in `public.accounts_user`.
  package var id: Int64
  /// Random; what tokens carry instead of the key.
  package var subject: UserSubject
  package var email: EmailAddress
  package var username: Username
  package var profile: UserProfile
  /// Key of the picture in the object store.
  package var avatar: String?
  package var isActive: Bool
  /// May use the operators' panel.
  package var isStaff: Bool
  package var isEmailVerified: Bool
  package var joinedAt: Timestamp
  package var lastLogin: Timestamp?
  package var updatedAt: Timestamp

  package init(
    id: Int64, subject: UserSubject, email: EmailAddress, username: Username,
    profile: UserProfile = UserProfile(), avatar: String? = nil, isActive: Bool = true,
    isStaff: Bool = false, isEmailVerified: Bool = false, joinedAt: Timestamp,
    lastLogin: Timestamp? = nil, updatedAt: Timestamp
  ) {
    self.id = id
    self.subject = subject
    self.email = email
    self.username = username
    self.profile = profile
    self.avatar = avatar
    self.isActive = isActive
    self.isStaff = isStaff
    self.isEmailVerified = isEmailVerified
    self.joinedAt = joinedAt
    self.lastLogin = lastLogin
    self.updatedAt = updatedAt
  }
}

/// A user's random name in tokens: a UUID in its text form, lower case.
package struct UserSubject: Hashable, Sendable {
  package let text: String

  package init(text: String) {
    self.text = text
  }
}

/// What people say about themselves.
package struct UserProfile: Hashable, Sendable {
  /// At most 150 characters each.
  package var firstName = ""
  package var lastName = ""
  /// At most 20 characters.
  package var phone: String?
  package var bio: String?
  /// A name of the IANA time zone database.
  package var timezone = "America/Sao_Paulo"
  package var timeFormat = UserAccount.TimeFormat.hours24

  package init() {}

  /// Both names with a space between; empty when there are none.
  package var fullName: String {
    [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ")
  }
}
