// SPDX-License-Identifier: Apache-2.0

/// Who makes a call.
package enum Principal: Hashable, Sendable {
  /// A person with a session; the role is that of their active membership in the call's tenant.
  case user(id: Int64, session: SessionID, role: Role)
  case apiKey(id: Int64, scopes: Set<APIKeyScope>)
  /// A program with a client certificate.
  case service(name: String, role: Role)
  /// Whoever has the installation's ingest key.
  case installation

  /// nil: it may only do what its scopes say.
  package var role: Role? {
    switch self {
    case .user(_, _, let role), .service(_, let role): role
    case .apiKey(_, let scopes):
      scopes.contains(.admin) ? .admin : scopes.contains(.read) ? .viewer : nil
    case .installation: nil
    }
  }

  package var mayIngest: Bool {
    switch self {
    case .user(_, _, let role), .service(_, let role): role >= .operator_
    case .apiKey(_, let scopes): scopes.contains(.ingest) || scopes.contains(.admin)
    case .installation: true
    }
  }

  package var userID: Int64? {
    if case .user(let id, _, _) = self { id } else { nil }
  }
}
