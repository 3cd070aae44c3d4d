// SPDX-License-Identifier: Apache-2.0

/// What an API key opens.
package enum APIKeyScope: String, Hashable, Sendable, CaseIterable {
  /// Sends readings.
  case ingest
  /// Reads as a viewer does.
  case read
  /// Acts as an admin does.
  case admin
}

/// A program's way in, for one tenant. Only a digest of its secret is stored.
package struct APIKey: Hashable, Sendable {
  /// Primary key in `public.accounts_apikey`.
  package var id: Int64
  package var tenant: Int64
  /// For people, at most 100 characters.
  package var name: String
  /// The public part of the key, by which it is found; 12 characters.
  package var prefix: String
  package var scopes: Set<APIKeyScope>
  package var createdAt: Timestamp
  /// nil: never.
  package var expiresAt: Timestamp?
  package var revokedAt: Timestamp?
  /// To the minute.
  package var lastUsedAt: Timestamp?

  package init(
    id: Int64, tenant: Int64, name: String, prefix: String, scopes: Set<APIKeyScope>,
    createdAt: Timestamp, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil,
    lastUsedAt: Timestamp? = nil
  ) {
    self.id = id
    self.tenant = tenant
    self.name = name
    self.prefix = prefix
    self.scopes = scopes
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
    self.lastUsedAt = lastUsedAt
  }

  package func isValid(at now: Timestamp) -> Bool {
    guard revokedAt == nil else { return false }
    return expiresAt.map { now < $0 } ?? true
  }

  /// The role whose RPCs the key opens; nil: it only ingests.
  package var role: Role? {
    if scopes.contains(.admin) { return .admin }
    return scopes.contains(.read) ? .viewer : nil
  }
}
