// SPDX-License-Identifier: Apache-2.0
import Domain

/// Rows of `accounts_audit`.
enum AuditRows {
  static let list = "id, at, action, tenant_id, actor, subject, ip_address, user_agent, detail"

  static func read(_ row: borrowing PostgresRow) throws(PostgresError) -> AuditEvent {
    guard let action = AuditEvent.Action(rawValue: try row.text(2)) else {
      throw .unexpected("an audit row of an unknown action")
    }
    return AuditEvent(
      id: try row.int8(0), at: try row.timestamptz(1), action: action,
      tenant: try row.optionalInt8(3), actor: try row.text(4), subject: try row.text(5),
      origin: CallOrigin(address: try row.text(6), userAgent: try row.text(7)),
      detail: try row.text(8))
  }
}

extension Command {
  /// Goes into the transaction of what it tells.
  /// - Parameters:
  ///   - subject: what it was done to: `user:5`.
  ///   - detail: further facts, no secrets.
  static func audit(
    _ action: AuditEvent.Action, tenant: Int64?, _ subject: String, _ detail: String = "",
    by actor: AuditActor
  ) -> Command {
    Command(
      """
      INSERT INTO public.accounts_audit
        (at, action, tenant_id, actor, subject, ip_address, user_agent, detail)
      VALUES ($1, $2, $3, $4, $5, left($6, 64), left($7, 300), $8)
      """,
      [
        .timestamptz(actor.at), .text(action.rawValue), .optional(tenant), .text(actor.name),
        .text(subject), .text(actor.origin.address), .text(actor.origin.userAgent), .text(detail),
      ])
  }
}
