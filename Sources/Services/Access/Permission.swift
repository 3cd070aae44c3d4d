// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What an RPC takes of its caller.
package enum Permission: Hashable, Sendable {
  /// Nothing: neither credentials nor tenant are looked at.
  case open
  /// Nothing: credentials are not looked at. The handler knows the tenant that the call names, if it names
  /// one.
  case openInTenant
  /// As ``openInTenant``, and the tenant may be suspended: then the handler fails as for a wrong password.
  case signIn
  /// A person with a session of whatever tenant; the call may name another one, which is the call's.
  case signedIn
  /// A person with a session in the call's tenant, whatever their role.
  case person
  /// Whoever has at least this role in the call's tenant: persons, API keys, services.
  case member(atLeast: Role)
  /// Whoever may send readings: API keys, the installation's key, services and persons that may write.
  case ingest
}
