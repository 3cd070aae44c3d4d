// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import RPCRuntime
import TrakSenseAPI

/// Sessions and their tokens.
extension AccountDesk {
  /// Number of a session's first refresh token.
  private static let firstSequence: Int64 = 0

  /// Opens a session in a tenant.
  func open(
    _ user: UserAccount, in tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Tokens {
    let now = now
    let session = UserSession(
      id: SessionID(text: try random(context)), user: user.id, tenant: tenant.id, createdAt: now,
      lastUsedAt: now, expiresAt: now.advanced(by: RefreshClaims.lifetime),
      origin: CallOrigin(context))
    try await stored(context) { () async throws(StoreError) in
      try await ports.sessions.open(session, by: actor(context, user: user.id))
    }
    return try issue(
      user.subject, tenant, session.id, sequence: Self.firstSequence, at: now, context)
  }

  /// The next pair of tokens of a session.
  func issue(
    _ subject: UserSubject, _ tenant: Tenant, _ session: SessionID, sequence: Int64,
    at now: Timestamp, _ context: ServerContext
  ) throws(RPCError) -> TraksenseV1.Tokens {
    do throws(CryptoError) {
      let access = AccessClaims(
        subject: subject, tenantID: tenant.id, tenantSlug: tenant.slug, session: session,
        tokenID: try SecureRandom.uuid(), now: now)
      let refresh = RefreshClaims(
        subject: subject, tenantID: tenant.id, session: session, sequence: sequence,
        tokenID: try SecureRandom.uuid(), now: now)
      return TraksenseV1.Tokens(
        accessToken: try tokens.sign(access), refreshToken: try tokens.sign(refresh),
        accessExpiresIn: UInt32(clamping: AccessClaims.lifetime.components.seconds),
        refreshExpiresIn: UInt32(clamping: RefreshClaims.lifetime.components.seconds))
    } catch {
      throw failure(error, context)
    }
  }

  private func random(_ context: ServerContext) throws(RPCError) -> String {
    do throws(CryptoError) {
      return try SecureRandom.uuid()
    } catch {
      throw failure(error, context)
    }
  }
}
