// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AuthService {
  /// Takes either token, expired or not, from the request or from `authorization: Bearer`. One that means
  /// nothing ends nothing, which is what was asked for.
  package func logout(
    _ request: TraksenseV1.LogoutRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LogoutResponse {
    let presented = [
      request.accessToken, request.refreshToken, PresentedCredential.bearer(context) ?? "",
    ].filter { !$0.isEmpty }
    guard !presented.isEmpty else { throw .credentialsRequired }
    for session in Set(presented.compactMap { session(of: $0) }) {
      _ = try await desk.stored(context) { () async throws(StoreError) in
        try await ports.sessions.revoke(
          session, of: nil, action: .signedOut, by: desk.actor(context))
      }
    }
    return TraksenseV1.LogoutResponse(message: "Signed out.")
  }

  /// - Returns: nil for what is no token of ours.
  private func session(of token: String) -> SessionID? {
    do throws(TokenError) {
      return try desk.tokens.access(token, evenExpired: true).session
    } catch {
      do throws(TokenError) {
        return try desk.tokens.refresh(token, evenExpired: true).session
      } catch {
        return nil
      }
    }
  }

  /// A refresh token counts once: the session knows the number of the next one.
  package func refresh(
    _ request: TraksenseV1.RefreshRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RefreshResponse {
    guard !request.refreshToken.isEmpty else { throw .credentialsRequired }
    let claims: RefreshClaims
    do throws(TokenError) {
      claims = try desk.tokens.refresh(request.refreshToken)
    } catch {
      throw .unauthenticated(error == .expired ? .tokenExpired : .tokenNotValid)
    }
    if let tenant = context[CallTenant.self], tenant.id != claims.tenantID {
      throw .unauthenticated(.wrongTenant)
    }
    let now = desk.now
    let rotation = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.sessions.rotate(
        claims.session, tenant: claims.tenantID, seq: claims.sequence,
        expiresAt: now.advanced(by: RefreshClaims.lifetime), by: desk.actor(context))
    }
    switch rotation {
    case .rotated(let next, let grant):
      guard grant.subject == claims.subject else { throw .unauthenticated(.tokenNotValid) }
      let tokens = try desk.issue(
        grant.subject, grant.tenant, grant.session, sequence: next, at: now, context)
      return TraksenseV1.RefreshResponse(
        message: "Tokens refreshed.", detail: "Tokens refreshed.", tokens: tokens)
    case .reused, .invalid: throw .unauthenticated(.sessionEnded)
    }
  }
}
