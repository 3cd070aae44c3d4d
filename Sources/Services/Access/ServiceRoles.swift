// SPDX-License-Identifier: Apache-2.0

package import Domain
import RPCRuntime

/// What other services may do on every tenant, by what their client certificates prove.
package struct ServiceRoles: Hashable, Sendable {
  private let roles: [String: Role]

  /// - Parameter roles: by URI (`spiffe://example.org/worker`), host name or common name.
  package init(_ roles: [String: Role] = [:]) {
    self.roles = roles
  }

  /// Of all names in the certificate the most specific one that has a role counts: URIs, then host names,
  /// then the common name.
  func principal(for identity: PeerIdentity) -> Principal? {
    let names = identity.uris + identity.dnsNames + (identity.commonName.map { [$0] } ?? [])
    for name in names {
      if let role = roles[name] { return .service(name: name, role: role) }
    }
    return nil
  }
}
