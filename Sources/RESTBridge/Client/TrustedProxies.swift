// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Whose word is taken for where a request came from.
struct TrustedProxies: Sendable {
  private let ranges: [NetworkRange]

  /// - Parameter ranges: the proxies in front of the bridge.
  init(_ ranges: [NetworkRange]) {
    self.ranges = ranges
  }

  /// What the client's connection is known to be.
  struct Origin: Hashable, Sendable {
    /// nil: the bridge's own peer has none (a Unix socket).
    var address: IPAddress?
    /// The client uses HTTPS.
    var isSecure: Bool
  }

  /// - Parameter peer: the other end of the TCP connection.
  ///
  /// Each proxy appends whom it saw to `X-Forwarded-For`: read from the right, the first that is not a
  /// trusted proxy is the client, and all that stands left of it may be made up.
  func origin(peer: IPAddress?, _ headers: HTTPFields) -> Origin {
    guard let peer, isTrusted(peer) else { return Origin(address: peer, isSecure: false) }
    var client = peer
    for entry in headers.listed("x-forwarded-for").reversed() {
      // What cannot be read cannot be stepped over: somebody unknown is behind it.
      guard let address = Self.address(entry) else { break }
      client = address
      guard isTrusted(address) else { break }
    }
    // The proxy next to the bridge is the one that speaks last.
    let scheme = headers.listed("x-forwarded-proto").last
    return Origin(address: client, isSecure: scheme?.lowercased() == "https")
  }

  private func isTrusted(_ address: IPAddress) -> Bool {
    ranges.contains { $0.contains(address) }
  }

  /// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
  private static func address(_ entry: Substring) -> IPAddress? {
    if entry.hasPrefix("[") {
      return entry.firstIndex(of: "]").flatMap { IPAddress(entry[..<$0].dropFirst()) }
    }
    let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
    return IPAddress(parts.count == 2 ? parts[0] : entry)
  }
}

extension HTTPFields {
  /// The elements of a field that is a list, over all its lines (RFC 9110 §5.6.1).
  /// - Parameter name: lower case.
  fileprivate func listed(_ name: String) -> [Substring] {
    filter { $0.name.canonicalName == name }.flatMap { $0.value.split(separator: ",") }
      .map { $0.trimmingPrefix { $0 == " " || $0 == "\t" } }
      .map { text in
        var text = text
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
      }
      .filter { !$0.isEmpty }
  }
}
