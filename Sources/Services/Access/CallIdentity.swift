// SPDX-License-Identifier: Apache-2.0

package import Domain
import RPCRuntime

/// Where handlers find the tenant that a call is about. Left by ``AccessInterceptor``.
package enum CallTenant: ServerContextKey {
  package typealias Value = Tenant
}

/// Where handlers find who calls. Left by ``AccessInterceptor``; never there for open RPCs.
package enum CallPrincipal: ServerContextKey {
  package typealias Value = Principal
}

extension ServerContext {
  /// The call's tenant.
  /// - Throws: NOT_FOUND naming `tenant` when the call names none.
  @inline(never)
  func tenant() throws(RPCError) -> Tenant {
    guard let tenant = self[CallTenant.self] else { throw .unknownTenant }
    return tenant
  }

  /// Who calls.
  /// - Throws: UNAUTHENTICATED for calls that nobody was asked to prove anything for.
  func principal() throws(RPCError) -> Principal {
    guard let principal = self[CallPrincipal.self] else { throw .credentialsRequired }
    return principal
  }

  /// The person who calls, with their session.
  /// - Throws: PERMISSION_DENIED for programs.
  func person() throws(RPCError) -> (id: Int64, session: SessionID, role: Role) {
    guard case .user(let id, let session, let role) = try principal() else { throw .peopleOnly }
    return (id, session, role)
  }
}
