// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AccountService {
  package func listSessions(
    _ request: TraksenseV1.ListSessionsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListSessionsResponse {
    let person = try context.person()
    let tenant = try context.tenant()
    let sessions = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.sessions.sessions(of: person.id, tenant: tenant.id)
    }
    return TraksenseV1.ListSessionsResponse(
      results: sessions.map { TraksenseV1.Session($0, isCurrent: $0.id == person.session) },
      count: UInt32(clamping: sessions.count))
  }

  package func revokeSession(
    _ request: TraksenseV1.RevokeSessionRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    let person = try context.person()
    guard !request.sessionID.isEmpty else {
      throw .invalid("session_id", FieldProblems.isRequired)
    }
    let found = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.sessions.revoke(
        SessionID(text: request.sessionID.lowercased()), of: person.id, action: .sessionRevoked,
        by: desk.actor(context))
    }
    guard found else { throw .notFound("session_id", "There is no such session.") }
    return ProtoEmpty()
  }

  package func revokeOtherSessions(
    _ request: TraksenseV1.RevokeOtherSessionsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RevokeOtherSessionsResponse {
    let person = try context.person()
    let revoked = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.sessions.revokeAll(
        of: person.id, except: person.session, by: desk.actor(context))
    }
    return TraksenseV1.RevokeOtherSessionsResponse(revoked: UInt32(clamping: revoked))
  }
}

extension TraksenseV1.Session {
  fileprivate init(_ session: UserSession, isCurrent: Bool) {
    self.init(
      id: session.id.text, createdAt: ProtoTimestamp(session.createdAt),
      lastUsedAt: ProtoTimestamp(session.lastUsedAt),
      expiresAt: ProtoTimestamp(session.expiresAt), ipAddress: session.origin.address,
      userAgent: session.origin.userAgent, isCurrent: isCurrent)
  }
}
