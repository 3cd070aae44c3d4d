// SPDX-License-Identifier: Apache-2.0

/// The host part of an authority, where it may name a tenant.
struct TenantHost: Hashable, Sendable {
  /// Without port, lower case.
  let name: String

  /// - Parameters:
  ///   - authority: `umc.localhost:8000`.
  ///   - publicHosts: further hosts, in lower case, that belong to no tenant.
  /// - Returns: nil for an empty host, an IP address, and the hosts that belong to no tenant: `api`,
  ///   `localhost` and the public ones.
  init?(authority: String, publicHosts: Set<String> = []) {
    // An IPv6 address is in brackets (RFC 3986 §3.2.2).
    guard !authority.hasPrefix("[") else { return nil }
    let host = authority.prefix { $0 != ":" }.lowercased()
    let isIPv4 = host.utf8.allSatisfy { byte in
      byte == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard !host.isEmpty, !isIPv4, host != "api", host != "localhost", !publicHosts.contains(host)
    else { return nil }
    name = host
  }
}
