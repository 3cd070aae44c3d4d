// SPDX-License-Identifier: Apache-2.0
import Domain

/// A ``Member``: a membership, who invited them, and the person.
enum MemberColumns {
  static let list = """
    membership.id, membership.tenant_id, membership.user_id, membership.role, membership.status,
    inviter.email, membership.joined_at, membership.updated_at, \(UserColumns.list)
    """
  static let from = """
    public.accounts_membership membership
    JOIN public.accounts_user account ON account.id = membership.user_id
    LEFT JOIN public.accounts_user inviter ON inviter.id = membership.invited_by_id
    """

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> Member {
    guard let status = MembershipStatus(rawValue: try row.text(4)) else {
      throw .unexpected("an unknown status")
    }
    let membership = Membership(
      id: try row.int8(0), tenant: try row.int8(1), user: try row.int8(2),
      role: try Role(stored: row.text(3)), status: status,
      invitedBy: try row.optionalText(5).flatMap(EmailAddress.init),
      joinedAt: try row.timestamptz(6), updatedAt: try row.timestamptz(7))
    return Member(membership: membership, user: try UserColumns.read(row, from: 8))
  }
}

/// An ``Invite`` and who wrote it.
enum InviteColumns {
  static let list = """
    invite.id, invite.tenant_id, invite.email, invite.role, invite.status, invite.message,
    inviter.email, inviter.username, inviter.first_name, inviter.last_name, invite.created_at,
    invite.expires_at, invite.accepted_at
    """
  static let from = """
    public.accounts_invite invite
    LEFT JOIN public.accounts_user inviter ON inviter.id = invite.invited_by_id
    """

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> Invite {
    guard let email = EmailAddress(try row.text(2)),
      let status = Invite.Status(rawValue: try row.text(4))
    else { throw .unexpected("an invite's address or status is not usable") }
    let names = [try row.optionalText(8), try row.optionalText(9)].compactMap(\.self)
      .filter { !$0.isEmpty }.joined(separator: " ")
    return Invite(
      id: try row.int8(0), tenant: try row.int8(1), email: email,
      role: try Role(stored: row.text(3)), storedStatus: status,
      message: try row.optionalText(5),
      invitedBy: try row.optionalText(6).flatMap(EmailAddress.init),
      invitedByName: names.isEmpty ? try row.optionalText(7) ?? "" : names,
      createdAt: try row.timestamptz(10), expiresAt: try row.timestamptz(11),
      acceptedAt: try row.optionalTimestamptz(12))
  }
}

extension PostgresConnection {
  /// - Parameter condition: `WHERE` what, with `$1` and `$2`.
  func member(_ condition: String, _ values: [PostgresValue]) throws(PostgresError) -> Member? {
    try rows(
      Command("SELECT \(MemberColumns.list) FROM \(MemberColumns.from) WHERE \(condition)", values)
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try MemberColumns.read(row) }.first
  }

  /// - Parameter condition: `WHERE` what, with `$1` and `$2`, and what follows it.
  func invite(_ condition: String, _ values: [PostgresValue]) throws(PostgresError) -> Invite? {
    try rows(
      Command("SELECT \(InviteColumns.list) FROM \(InviteColumns.from) WHERE \(condition)", values)
    ) { (row: borrowing PostgresRow) throws(PostgresError) in try InviteColumns.read(row) }.first
  }

  /// One page and the length of the whole, in one round trip.
  func page<Element>(
    _ columns: String, from table: String, tenant: Int64, key: String, _ request: PageRequest,
    _ read: (borrowing PostgresRow) throws(PostgresError) -> Element
  ) throws(PostgresError) -> Page<Element> {
    var count = 0
    var items: [Element] = []
    let condition = "\(key).tenant_id = $1"
    try pipeline([
      Command("SELECT count(*) FROM \(table) WHERE \(condition)", [.int8(tenant)]),
      Command(
        """
        SELECT \(columns) FROM \(table) WHERE \(condition)
        ORDER BY \(key).id DESC OFFSET $2 LIMIT $3
        """,
        [.int8(tenant), .int8(Int64(clamping: request.offset)), .int8(Int64(request.size))]),
    ]) { (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      if number == 0 {
        count = Int(try row.int8(0))
      } else {
        items.append(try read(row))
      }
    }
    return Page(items: items, count: count)
  }
}
