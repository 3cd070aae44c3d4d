// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime

extension CallOrigin {
  /// Longest `user-agent` that is kept, in characters.
  private static let maxAgent = 300

  /// Where a call came from.
  init(_ context: ServerContext) {
    let agent = context.metadataValue("user-agent") ?? ""
    self.init(
      address: Self.address(of: context.peer), userAgent: String(agent.prefix(Self.maxAgent)))
  }

  /// A peer without its port: `127.0.0.1:50412`, `[::1]:50412`, `::1`, `unix`.
  static func address(of peer: String) -> String {
    if peer.hasPrefix("[") {
      return String(peer.dropFirst().prefix { $0 != "]" })
    }
    // An address of IPv6 has several colons, and without brackets no port.
    let parts = peer.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 ? String(parts[0]) : peer
  }
}
