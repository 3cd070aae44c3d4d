// SPDX-License-Identifier: Apache-2.0

/// What a host name stands for.
package enum HostKind: Hashable, Sendable {
  /// A tenant's own host.
  case tenant
  /// That of a tenant that nobody may use for the time being.
  case suspended
  /// The installation itself.
  case `public`
  /// Nobody's.
  case unknown
  /// It cannot be told at present.
  case unavailable
}
