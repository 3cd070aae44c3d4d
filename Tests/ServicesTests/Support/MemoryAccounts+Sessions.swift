// SPDX-License-Identifier: Apache-2.0

import Domain

extension MemoryAccounts: SessionStore {
  func open(_ session: UserSession, by actor: AuditActor) async throws(StoreError) {
    try asked { state in
      state.sessions[session.id] = Session(session: session)
      state.note(.signedIn, tenant: session.tenant, by: actor)
    }
  }

  func grant(_ session: SessionID, tenant: Int64) async throws(StoreError) -> SessionGrant? {
    try asked { state in
      state.lookups += 1
      return state.grant(session, tenant, at: clock.now)
    }
  }

  func rotate(
    _ session: SessionID, tenant: Int64, seq: Int64, expiresAt: Timestamp, by actor: AuditActor
  ) async throws(StoreError) -> Rotation {
    try asked { state in
      guard let grant = state.grant(session, tenant, at: clock.now),
        let current = state.sessions[session]?.seq, seq <= current
      else { return .invalid }
      guard seq == current else {
        state.sessions[session]?.isRevoked = true
        state.note(.refreshReused, tenant: tenant, by: actor)
        return .reused
      }
      state.sessions[session]?.seq += 1
      state.sessions[session]?.session.expiresAt = expiresAt
      return .rotated(seq: seq + 1, grant)
    }
  }

  func revoke(
    _ session: SessionID, of user: Int64?, action: AuditEvent.Action, by actor: AuditActor
  ) async throws(StoreError) -> Bool {
    try asked { state in
      let count = state.revoke { $0.id == session && (user == nil || $0.user == user) }
      if count > 0 { state.note(action, by: actor) }
      return count > 0
    }
  }

  func revokeAll(
    of user: Int64, except kept: SessionID?, by actor: AuditActor
  ) async throws(StoreError) -> Int {
    try asked { $0.revoke { $0.user == user && $0.id != kept } }
  }

  func sessions(of user: Int64, tenant: Int64) async throws(StoreError) -> [UserSession] {
    try asked { state in
      state.sessions.values.filter {
        !$0.isRevoked && $0.session.user == user && $0.session.tenant == tenant
      }.map(\.session).sorted { $0.createdAt > $1.createdAt }
    }
  }
}

extension MemoryAccounts: APIKeyStore {
  func find(prefix: String, at now: Timestamp) async throws(StoreError) -> StoredAPIKey? {
    try asked { state in
      state.lookups += 1
      guard let index = state.keys.firstIndex(where: { $0.key.prefix == prefix }),
        state.keys[index].key.isValid(at: now),
        let tenant = state.tenant(state.keys[index].key.tenant), !tenant.isSuspended
      else { return nil }
      state.keys[index].key.lastUsedAt = now
      return state.keys[index]
    }
  }

  func keys(of tenant: Tenant) async throws(StoreError) -> [APIKey] {
    try asked { $0.keys.map(\.key).filter { $0.tenant == tenant.id }.reversed() }
  }

  func create(
    _ new: NewAPIKey, for tenant: Tenant, by actor: AuditActor
  ) async throws(AccountError) -> APIKey {
    try changed { state throws(AccountError) in
      let key = APIKey(
        id: state.newID(), tenant: tenant.id, name: new.name, prefix: new.prefix,
        scopes: new.scopes, createdAt: actor.at, expiresAt: new.expiresAt)
      state.keys.append(StoredAPIKey(key: key, tenant: tenant, digest: new.digest))
      state.note(.apiKeyCreated, tenant: tenant.id, by: actor)
      return key
    }
  }

  func rotate(
    id: Int64, of tenant: Tenant, prefix: String, digest: SecretDigest, overlap: Duration,
    by actor: AuditActor
  ) async throws(AccountError) -> APIKey {
    try changed { state throws(AccountError) in
      let index = try state.keyIndex(id, tenant)
      guard state.keys[index].key.isValid(at: actor.at) else { throw .notPending }
      var key = state.keys[index].key
      state.keys[index].key.expiresAt = actor.at.advanced(by: overlap)
      key.id = state.newID()
      key.prefix = prefix
      key.createdAt = actor.at
      state.keys.append(StoredAPIKey(key: key, tenant: tenant, digest: digest))
      state.note(.apiKeyRotated, tenant: tenant.id, by: actor)
      return key
    }
  }

  func revoke(id: Int64, of tenant: Tenant, by actor: AuditActor) async throws(AccountError) {
    try changed { state throws(AccountError) in
      state.keys[try state.keyIndex(id, tenant)].key.revokedAt = actor.at
      state.note(.apiKeyRevoked, tenant: tenant.id, by: actor)
    }
  }
}

extension MemoryAccounts.State {
  fileprivate func keyIndex(_ id: Int64, _ tenant: Tenant) throws(AccountError) -> Int {
    guard let index = keys.firstIndex(where: { $0.key.id == id && $0.key.tenant == tenant.id })
    else { throw .notFound }
    return index
  }
}
