// SPDX-License-Identifier: Apache-2.0

/// Where a client's servers are (gRPC "Name Resolution"): one or several endpoints, each of which may
/// resolve to several addresses.
public struct ClientTarget: Hashable, Sendable {
  /// One place to find servers at.
  public enum Endpoint: Hashable, Sendable {
    /// A name, which is looked up and may have several addresses, or a literal IPv4 or IPv6 address.
    case host(String, port: Int)
    /// A Unix-domain socket.
    case unixSocket(path: String)

    /// What `:authority` says of it: `host:port`; `localhost` for a Unix-domain socket.
    var authority: String {
      switch self {
      case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      case .unixSocket: "localhost"
      }
    }
  }

  /// The endpoints, in the order that `pickFirst` tries them in.
  public let endpoints: [Endpoint]

  /// - Parameter endpoints: without any, all calls fail.
  public init(_ endpoints: [Endpoint]) {
    self.endpoints = endpoints
  }

  /// A single host.
  public static func host(_ host: String, port: Int) -> ClientTarget {
    ClientTarget([.host(host, port: port)])
  }

  /// A Unix-domain socket.
  public static func unixSocket(path: String) -> ClientTarget {
    ClientTarget([.unixSocket(path: path)])
  }

  /// Parses `host:port`, `dns:host:port`, `dns:///host:port`, `ipv4:1.2.3.4:5`, `ipv6:[::1]:5`, each also as
  /// a list with commas, and `unix:path` or `unix:///path`.
  /// - Returns: nil when it is none of these; a port is never guessed.
  public init?(_ text: String) {
    if let path = Self.suffix(of: text, after: ["unix://", "unix:"]) {
      guard !path.isEmpty else { return nil }
      endpoints = [.unixSocket(path: String(path))]
      return
    }
    let list = Self.suffix(of: text, after: ["dns:///", "dns:", "ipv4:", "ipv6:"]) ?? text[...]
    var endpoints: [Endpoint] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let endpoint = Self.endpoint(part) else { return nil }
      endpoints.append(endpoint)
    }
    self.endpoints = endpoints
  }

  private static func suffix(of text: String, after prefixes: [String]) -> Substring? {
    prefixes.first { text.hasPrefix($0) }.map { text.dropFirst($0.count) }
  }

  private static func endpoint(_ text: Substring) -> Endpoint? {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, !host.contains("/") else { return nil }
    return .host(String(host), port: Int(port))
  }
}
