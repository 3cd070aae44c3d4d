// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime

/// Finds out which tenant a call names beside its credentials: by metadata `x-tenant` and by the host in
/// `:authority`. When both name one, they must agree.
struct TenantClaims: Sendable {
  /// What a call says of its tenant.
  enum Finding: Sendable {
    case nobody
    case tenant(Tenant)
    /// NOT_FOUND.
    case unknown
    /// PERMISSION_DENIED.
    case contradiction
  }

  let tenants: any TenantDirectory
  /// Hosts that belong to no tenant, in lower case.
  let publicHosts: Set<String>

  /// A host that is nobody's says nothing: gRPC callers name all sorts of hosts, and the REST bridge
  /// refuses such requests itself.
  func find(_ context: ServerContext) async throws(StoreError) -> Finding {
    var named: Tenant?
    if let name = context.metadataValue("x-tenant"), !name.isEmpty {
      guard let slug = TenantSlug(name), let found = try await tenants.tenant(slug: slug) else {
        return .unknown
      }
      named = found
    }
    let host = TenantHost(authority: context.authority, publicHosts: publicHosts)
    if let host, let owner = try await tenants.tenant(host: host.name) {
      if let named, named.id != owner.id { return .contradiction }
      return .tenant(owner)
    }
    return named.map { .tenant($0) } ?? .nobody
  }
}

/// The scheme by which a browser came, as the REST bridge passes it on in `x-forwarded-proto`. Decides
/// what links back to this server look like, and no more than that: anybody may send it.
enum ForwardedScheme: String {
  case http
  case https

  static func of(_ context: ServerContext) -> ForwardedScheme? {
    context.metadataValue("x-forwarded-proto").flatMap { ForwardedScheme(rawValue: $0) }
  }
}
