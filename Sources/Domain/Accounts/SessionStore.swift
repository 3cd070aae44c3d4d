// SPDX-License-Identifier: Apache-2.0

/// Sessions. Port: implemented by `Persistence`.
package protocol SessionStore: Sendable {
  /// Opens a session, notes the user's last login, and forgets their failures.
  func open(_ session: UserSession, by actor: AuditActor) async throws(StoreError)

  /// Whether a session still counts and for whom: not revoked or expired, user and membership active,
  /// tenant not suspended. Asked on every call; may be up to 2 s old, except for changes made through this
  /// process.
  func grant(_ session: SessionID, tenant: Int64) async throws(StoreError) -> SessionGrant?

  /// Takes refresh token number `seq` in and makes `seq + 1` the current one. An older number is reuse:
  /// then the session is revoked.
  func rotate(
    _ session: SessionID, tenant: Int64, seq: Int64, expiresAt: Timestamp, by actor: AuditActor
  ) async throws(StoreError) -> Rotation

  /// - Returns: false when there is no such session of that user.
  func revoke(
    _ session: SessionID, of user: Int64?, action: AuditEvent.Action, by actor: AuditActor
  ) async throws(StoreError) -> Bool

  /// - Returns: how many were revoked.
  func revokeAll(
    of user: Int64, except kept: SessionID?, by actor: AuditActor
  ) async throws(StoreError) -> Int

  /// Those that still count, newest first.
  func sessions(of user: Int64, tenant: Int64) async throws(StoreError) -> [UserSession]
}

/// A session that counts.
package struct SessionGrant: Hashable, Sendable {
  package var session: SessionID
  package var user: Int64
  package var subject: UserSubject
  package var tenant: Tenant
  package var role: Role

  package init(
    session: SessionID, user: Int64, subject: UserSubject, tenant: Tenant, role: Role
  ) {
    self.session = session
    self.user = user
    self.subject = subject
    self.tenant = tenant
    self.role = role
  }
}

/// What became of a refresh token.
package enum Rotation: Hashable, Sendable {
  /// The next number, and whose session it is.
  case rotated(seq: Int64, SessionGrant)
  /// An older token came again: the session is revoked now.
  case reused
  /// Unknown, revoked, expired, or the user, membership or tenant no longer counts.
  case invalid
}

/// Slows down whoever guesses passwords. Port: implemented by `Persistence`, so that all nodes count together.
package protocol LoginGuard: Sendable {
  /// - Parameter name: what was typed, folded; need not exist.
  /// - Returns: how long the name is still locked; nil: it is not.
  func lockout(of name: String, at now: Timestamp) async throws(StoreError) -> Duration?

  /// Counts a failure, locks the name when it was one too many, and audits it.
  func noteFailure(
    of name: String, user: Int64?, tenant: Int64?, by actor: AuditActor
  ) async throws(StoreError)

  func noteSuccess(of name: String) async throws(StoreError)
}
