// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TenantService {
  private static let maxName = 100
  /// 30 days.
  private static let maxOverlapSeconds: UInt32 = 30 * 86_400

  package func listAPIKeys(
    _ request: TraksenseV1.ListAPIKeysRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListAPIKeysResponse {
    let tenant = try context.tenant()
    let keys = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.apiKeys.keys(of: tenant)
    }
    return TraksenseV1.ListAPIKeysResponse(
      count: UInt32(clamping: keys.count), results: keys.map { TraksenseV1.APIKey($0) })
  }

  package func createAPIKey(
    _ request: TraksenseV1.CreateAPIKeyRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.CreateAPIKeyResponse {
    let tenant = try context.tenant()
    var problems = FieldProblems()
    let name = problems.required(request.name, "name", maxLength: Self.maxName)
    let scopes = Self.scopes(request.scopes, &problems)
    let expiry = expiry(request.expiresAt, &problems)
    try problems.check()
    let key = try newKey(context)
    let new = NewAPIKey(
      name: name, prefix: key.text.prefix, digest: key.digest, scopes: scopes, expiresAt: expiry)
    let created = try await desk.changed(context) { () async throws(AccountError) in
      try await ports.apiKeys.create(new, for: tenant, by: desk.actor(context))
    }
    return TraksenseV1.CreateAPIKeyResponse(
      apiKey: TraksenseV1.APIKey(created), key: key.text.text)
  }

  package func rotateAPIKey(
    _ request: TraksenseV1.RotateAPIKeyRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.CreateAPIKeyResponse {
    let tenant = try context.tenant()
    guard request.overlapSeconds <= Self.maxOverlapSeconds else {
      throw .invalid("overlap_seconds", "Must be at most \(Self.maxOverlapSeconds), 30 days.")
    }
    let key = try newKey(context)
    let rotated = try await desk.changed(context) { () async throws(AccountError) in
      try await ports.apiKeys.rotate(
        id: Int64(request.id), of: tenant, prefix: key.text.prefix, digest: key.digest,
        overlap: .seconds(Int64(request.overlapSeconds)), by: desk.actor(context))
    }
    return TraksenseV1.CreateAPIKeyResponse(
      apiKey: TraksenseV1.APIKey(rotated), key: key.text.text)
  }

  package func revokeAPIKey(
    _ request: TraksenseV1.RevokeAPIKeyRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    let tenant = try context.tenant()
    try await desk.changed(context) { () async throws(AccountError) in
      try await ports.apiKeys.revoke(
        id: Int64(request.id), of: tenant, by: desk.actor(context))
    }
    return ProtoEmpty()
  }

  private func newKey(
    _ context: ServerContext
  ) throws(RPCError) -> (text: APIKeyText, digest: SecretDigest) {
    do throws(CryptoError) {
      let text = try APIKeyText()
      return (text, try text.digest())
    } catch {
      throw desk.failure(error, context)
    }
  }

  private static func scopes(
    _ names: [String], _ problems: inout FieldProblems
  ) -> Set<APIKeyScope> {
    if names.isEmpty { problems.add("scopes", "At least one of ingest, read, admin.") }
    var scopes: Set<APIKeyScope> = []
    for (index, name) in names.enumerated() {
      if let scope = APIKeyScope(rawValue: name) {
        scopes.insert(scope)
      } else {
        problems.add("scopes[\(index)]", "Must be ingest, read or admin.")
        // One wrong name is enough to know.
        break
      }
    }
    return scopes
  }

  private func expiry(
    _ sent: ProtoTimestamp?, _ problems: inout FieldProblems
  ) -> Timestamp? {
    guard let sent else { return nil }
    guard let expiry = Timestamp(sent), expiry > desk.now else {
      problems.add("expires_at", "Must be in the future.")
      return nil
    }
    return expiry
  }
}

extension TraksenseV1.APIKey {
  fileprivate init(_ key: APIKey) {
    self.init(
      id: UInt32(clamping: key.id), name: key.name, prefix: key.prefix,
      scopes: key.scopes.map(\.rawValue).sorted(), createdAt: ProtoTimestamp(key.createdAt),
      expiresAt: key.expiresAt.map { ProtoTimestamp($0) },
      revokedAt: key.revokedAt.map { ProtoTimestamp($0) },
      lastUsedAt: key.lastUsedAt.map { ProtoTimestamp($0) })
  }
}
