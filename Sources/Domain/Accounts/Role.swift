// SPDX-License-Identifier: Apache-2.0

/// What a member of a tenant may do; each role may do what the ones before it may.
package enum Role: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Reads everything.
  case viewer
  /// As a viewer; for those who work on the equipment.
  case technician
  /// Also writes the catalogue.
  case operator_ = "operator"
  /// Also manages the team, API keys and the tenant's settings.
  case admin
  /// Also makes owners and takes ownership away.
  case owner

  package static func < (one: Role, other: Role) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .viewer: 0
    case .technician: 1
    case .operator_: 2
    case .admin: 3
    case .owner: 4
    }
  }

  /// Writes sites, assets, devices and sensors.
  package var canWrite: Bool { self >= .operator_ }
  /// Invites, changes and removes members.
  package var canManageTeam: Bool { self >= .admin }
  package var canDeleteTenant: Bool { self == .owner }

  /// Whether someone of this role may give `role` away, or change someone who has it: nobody reaches beyond
  /// themselves, and only owners touch owners.
  package func mayAssign(_ role: Role) -> Bool { canManageTeam && role <= self }
}

/// Whether a membership counts.
package enum MembershipStatus: String, Hashable, Sendable, CaseIterable {
  case active
  /// Removed from the team; can be invited again.
  case inactive
  /// Locked out for the time being.
  case suspended
}
