// SPDX-License-Identifier: Apache-2.0

/// API keys of tenants. Port: implemented by `Persistence`.
package protocol APIKeyStore: Sendable {
  /// The key that may be used now, with its tenant, and its digest to compare with; notes the use, at most once
  /// a minute. May be up to 2 s old, except for changes made through this process.
  /// - Returns: nil when there is none, it is over, or its tenant is suspended.
  func find(prefix: String, at now: Timestamp) async throws(StoreError) -> StoredAPIKey?

  /// Newest first, revoked ones too.
  func keys(of tenant: Tenant) async throws(StoreError) -> [APIKey]

  func create(
    _ new: NewAPIKey, for tenant: Tenant, by actor: AuditActor
  ) async throws(AccountError) -> APIKey

  /// Makes a key with the same name and scopes, and lets the old one end after `overlap`.
  /// - Throws: `.notFound`, `.notPending` when it is over already.
  func rotate(
    id: Int64, of tenant: Tenant, prefix: String, digest: SecretDigest, overlap: Duration,
    by actor: AuditActor
  ) async throws(AccountError) -> APIKey

  /// - Throws: `.notFound`.
  func revoke(id: Int64, of tenant: Tenant, by actor: AuditActor) async throws(AccountError)
}

/// A key with what proves it.
package struct StoredAPIKey: Sendable {
  package var key: APIKey
  package var tenant: Tenant
  package var digest: SecretDigest

  package init(key: APIKey, tenant: Tenant, digest: SecretDigest) {
    self.key = key
    self.tenant = tenant
    self.digest = digest
  }
}

/// What an API key is made of.
package struct NewAPIKey: Sendable {
  package var name: String
  package var prefix: String
  package var digest: SecretDigest
  package var scopes: Set<APIKeyScope>
  package var expiresAt: Timestamp?

  package init(
    name: String, prefix: String, digest: SecretDigest, scopes: Set<APIKeyScope>,
    expiresAt: Timestamp?
  ) {
    self.name = name
    self.prefix = prefix
    self.digest = digest
    self.scopes = scopes
    self.expiresAt = expiresAt
  }
}
