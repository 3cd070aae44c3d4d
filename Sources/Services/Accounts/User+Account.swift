// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

extension AccountDesk {
  /// A person as seen in a tenant.
  /// - Parameter role: nil: no active member there.
  func message(
    _ user: UserAccount, role: Role?, tenant: Tenant?, _ context: ServerContext
  ) throws(RPCError) -> TraksenseV1.User {
    TraksenseV1.User(
      id: UInt32(clamping: user.id), username: user.username.rawValue, email: user.email.rawValue,
      firstName: user.profile.firstName, lastName: user.profile.lastName,
      fullName: user.displayName, name: user.displayName, initials: user.initials,
      avatar: try url(ofAvatar: user.avatar, context), phone: ProtoStringValue(user.profile.phone),
      bio: ProtoStringValue(user.profile.bio), timezone: user.profile.timezone,
      timeFormat: user.profile.timeFormat.rawValue, emailVerified: user.isEmailVerified,
      isActive: user.isActive, isStaff: user.isStaff, role: ProtoStringValue(role?.rawValue),
      site: tenant?.name ?? "", dateJoined: ProtoTimestamp(user.joinedAt),
      lastLogin: user.lastLogin.map { ProtoTimestamp($0) },
      createdAt: ProtoTimestamp(user.joinedAt),
      updatedAt: ProtoTimestamp(user.updatedAt))
  }
}

extension UserAccount {
  /// Both names; the user name when there are none.
  var displayName: String {
    let full = profile.fullName
    return full.isEmpty ? username.rawValue : full
  }

  /// Of both names; of the user name when there are none. Upper case.
  var initials: String {
    let names = [profile.firstName, profile.lastName].compactMap(\.first)
    return names.isEmpty
      ? username.rawValue.prefix(2).uppercased()
      : names.map { $0.uppercased() }.joined()
  }
}
