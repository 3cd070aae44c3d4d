// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Lets requests in whose host is somebody's.
struct HostGate: Sendable {
  private let publicHosts: Set<String>
  private let kind: @Sendable (String) async -> HostKind

  /// - Parameters:
  ///   - publicHosts: names of the installation itself.
  ///   - kind: what every other name stands for; gets it in lower case, without port.
  init(publicHosts: Set<String>, kind: @escaping @Sendable (String) async -> HostKind) {
    self.publicHosts = Set(publicHosts.map { $0.lowercased() })
    self.kind = kind
  }

  /// - Parameter authority: the request's Host header; nil when it has none.
  /// - Returns: the host, when it is a tenant's or the installation's.
  /// - Throws: 404 for a host that is nobody's, 403 for that of a suspended tenant, 503 when it cannot be
  ///   told.
  func admit(_ authority: String?) async throws(RESTError) -> RequestHost {
    guard let host = authority.flatMap({ RequestHost($0) }) else { throw Self.unknown }
    // Addresses are how people on the same machine and probes come.
    if publicHosts.contains(host.name) || IPAddress(host.name) != nil { return host }
    switch await kind(host.name) {
    case .tenant, .public: return host
    case .suspended: throw RESTError(.forbidden, detail: "This organization is suspended.")
    case .unknown: throw Self.unknown
    case .unavailable:
      throw RESTError(
        .serviceUnavailable, detail: "The host cannot be looked up at present.",
        retryAfter: .seconds(1))
    }
  }

  private static let unknown = RESTError(.notFound, detail: "Unknown host.")
}
