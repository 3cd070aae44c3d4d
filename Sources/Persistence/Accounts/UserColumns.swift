// SPDX-License-Identifier: Apache-2.0
import Domain

/// The columns of a ``UserAccount``, of a table that the statement calls `account`.
enum UserColumns {
  static let list = """
    account.id, account.subject, account.email, account.username, account.first_name,
    account.last_name, account.phone, account.bio, account.timezone, account.time_format,
    account.avatar, account.is_active, account.is_staff, account.email_verified,
    account.date_joined, account.last_login, account.updated_at
    """
  static let count = 17

  static func read(
    _ row: borrowing PostgresRow, from first: Int = 0
  ) throws(PostgresError) -> UserAccount {
    guard let email = EmailAddress(try row.text(first + 2)),
      let username = Username(try row.text(first + 3))
    else { throw .unexpected("a user's address or name is not usable") }
    var profile = UserProfile()
    profile.firstName = try row.text(first + 4)
    profile.lastName = try row.text(first + 5)
    profile.phone = try row.optionalText(first + 6)
    profile.bio = try row.optionalText(first + 7)
    profile.timezone = try row.text(first + 8)
    guard let format = UserAccount.TimeFormat(rawValue: try row.text(first + 9)) else {
      throw .unexpected("a user's time format is unknown")
    }
    profile.timeFormat = format
    return UserAccount(
      id: try row.int8(first), subject: UserSubject(text: try row.text(first + 1)), email: email,
      username: username, profile: profile, avatar: try row.optionalText(first + 10),
      isActive: try row.bool(first + 11), isStaff: try row.bool(first + 12),
      isEmailVerified: try row.bool(first + 13), joinedAt: try row.timestamptz(first + 14),
      lastLogin: try row.optionalTimestamptz(first + 15),
      updatedAt: try row.timestamptz(first + 16))
  }
}

extension Command {
  /// - Returns: one row, ``UserColumns``.
  static func insert(
    _ user: NewUser, isEmailVerified: Bool = false, at now: Timestamp
  ) -> Command {
    Command(
      """
      INSERT INTO public.accounts_user AS account
        (email, username, password, first_name, last_name, phone, bio, timezone, time_format,
         is_staff, email_verified, date_joined, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
      RETURNING \(UserColumns.list)
      """,
      [
        .text(user.email.rawValue), .text(user.username.rawValue), .text(user.password.encoded),
        .text(user.profile.firstName), .text(user.profile.lastName),
        .optional(user.profile.phone), .optional(user.profile.bio), .text(user.profile.timezone),
        .text(user.profile.timeFormat.rawValue), .bool(user.isStaff), .bool(isEmailVerified),
        .timestamptz(now),
      ])
  }

  static func user(id: Int64, suffix: String = "") -> Command {
    Command(
      "SELECT \(UserColumns.list) FROM public.accounts_user account WHERE account.id = $1\(suffix)",
      [.int8(id)])
  }
}

extension PostgresConnection {
  /// The user of a statement that gives at most one row of ``UserColumns``.
  func user(_ command: Command) throws(PostgresError) -> UserAccount? {
    try rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
      try UserColumns.read(row)
    }.first
  }
}
