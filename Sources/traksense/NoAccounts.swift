// SPDX-License-Identifier: Apache-2.0

import Domain

/// Knows nobody. In the place of the stores of sessions and API keys until those are composed: nobody but
/// the installation's key gets in.
struct NoAccounts: SessionStore, APIKeyStore {
  func open(_ session: UserSession, by actor: Actor) async throws(StoreError) {
    throw .unavailable("there are no accounts")
  }

  func grant(_ session: SessionID, tenant: Int64) async throws(StoreError) -> SessionGrant? { nil }

  func rotate(
    _ session: SessionID, tenant: Int64, seq: Int64, expiresAt: Timestamp, by actor: Actor
  ) async throws(StoreError) -> Rotation { .invalid }

  func revoke(
    _ session: SessionID, of user: Int64?, action: AuditEvent.Action, by actor: Actor
  ) async throws(StoreError) -> Bool { false }

  func revokeAll(
    of user: Int64, except kept: SessionID?, by actor: Actor
  ) async throws(StoreError) -> Int { 0 }

  func sessions(of user: Int64, tenant: Int64) async throws(StoreError) -> [UserSession] { [] }

  func find(prefix: String, at now: Timestamp) async throws(StoreError) -> StoredAPIKey? { nil }

  func keys(of tenant: Tenant) async throws(StoreError) -> [APIKey] { [] }

  func create(
    _ new: NewAPIKey, for tenant: Tenant, by actor: Actor
  ) async throws(AccountError) -> APIKey { throw .notFound }

  func rotate(
    id: Int64, of tenant: Tenant, prefix: String, digest: SecretDigest, overlap: Duration,
    by actor: Actor
  ) async throws(AccountError) -> APIKey { throw .notFound }

  func revoke(id: Int64, of tenant: Tenant, by actor: Actor) async throws(AccountError) {
    throw .notFound
  }
}
