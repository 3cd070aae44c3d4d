// SPDX-License-Identifier: Apache-2.0
package import Domain

/// What an access token says: who calls, for which tenant, in which session. Tells nothing of rights:
/// these are looked up on every call.
package struct AccessClaims: Hashable, Sendable {
  /// How long a new token is valid.
  package static let lifetime: Duration = .seconds(15 * 60)

  package var subject: UserSubject
  package var tenantID: Int64
  package var tenantSlug: TenantSlug
  package var session: SessionID
  /// Different in each token.
  package var tokenID: String
  /// Whole seconds.
  package var issuedAt: Timestamp
  /// Whole seconds; the first instant at which the token does not count.
  package var expiresAt: Timestamp

  /// Issued at `now`, rounded down to a second.
  package init(
    subject: UserSubject, tenantID: Int64, tenantSlug: TenantSlug, session: SessionID,
    tokenID: String, now: Timestamp, lifetime: Duration = AccessClaims.lifetime
  ) {
    self.subject = subject
    self.tenantID = tenantID
    self.tenantSlug = tenantSlug
    self.session = session
    self.tokenID = tokenID
    issuedAt = Timestamp(seconds: now.wholeSeconds)
    expiresAt = issuedAt.advanced(by: lifetime)
  }
}

/// What a refresh token says. Each use of one makes the next: `sequence` counts them, and an older one
/// that comes back gives away that somebody else has it.
package struct RefreshClaims: Hashable, Sendable {
  /// How long a new token is valid.
  package static let lifetime: Duration = .seconds(7 * 86_400)

  package var subject: UserSubject
  package var tenantID: Int64
  package var session: SessionID
  /// Which token of its session this is, from 0.
  package var sequence: Int64
  /// Different in each token.
  package var tokenID: String
  /// Whole seconds.
  package var issuedAt: Timestamp
  /// Whole seconds; the first instant at which the token does not count.
  package var expiresAt: Timestamp

  /// Issued at `now`, rounded down to a second.
  package init(
    subject: UserSubject, tenantID: Int64, session: SessionID, sequence: Int64, tokenID: String,
    now: Timestamp, lifetime: Duration = RefreshClaims.lifetime
  ) {
    self.subject = subject
    self.tenantID = tenantID
    self.session = session
    self.sequence = sequence
    self.tokenID = tokenID
    issuedAt = Timestamp(seconds: now.wholeSeconds)
    expiresAt = issuedAt.advanced(by: lifetime)
  }
}

extension Timestamp {
  /// RFC 7519 §2, NumericDate. Saturates.
  init(seconds: Int64) {
    let (microseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    self.init(microseconds: overflow ? (seconds < 0 ? .min : .max) : microseconds)
  }

  /// Rounded down.
  var wholeSeconds: Int64 {
    let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
