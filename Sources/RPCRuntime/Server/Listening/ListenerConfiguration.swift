// SPDX-License-Identifier: Apache-2.0

/// Where a server listens.
public enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
  /// TCP on an address or a name that is resolved; port 0 picks a free one.
  case tcp(host: String, port: Int)
  /// A unix-domain socket: a path of at most 107 bytes, in a folder that exists.
  case unix(path: String)

  /// `host:port` with IPv6 addresses in brackets, or `unix:path`, as gRPC names targets.
  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

/// An address and how bytes travel there.
public struct ListenerConfiguration: Sendable {
  /// How bytes travel.
  public enum Security: Sendable {
    /// HTTP/2 with prior knowledge (RFC 9113 §3.3).
    case cleartext
    /// TLS with ALPN `h2` (RFC 9113 §3.2).
    case tls(ServerTLS)
  }

  /// Where to listen.
  public var address: ServerAddress
  /// How bytes travel.
  public var security: Security
  /// Who may connect to a unix-domain socket: the permission bits of its file (unix(7)). Default 0600: the
  /// server's own user.
  public var unixPermissions: UInt32 = 0o600

  /// - Parameters:
  ///   - address: where to listen.
  ///   - security: how bytes travel.
  public init(_ address: ServerAddress, security: Security = .cleartext) {
    self.address = address
    self.security = security
  }
}

/// An address that a server could not take.
public struct ListenFailure: Error, CustomStringConvertible {
  /// Which one.
  public let address: ServerAddress
  /// What the system said.
  public let cause: any Error

  /// Address and cause.
  public var description: String { "cannot listen on \(address): \(cause)" }
}
