// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Looks up the addresses of a client's endpoints.
enum HostResolver {
  /// The addresses in the order that the system prefers (RFC 6724), each once. Blocks while names are looked
  /// up.
  /// - Throws: when not one address was found.
  static func addresses(of endpoints: [ClientTarget.Endpoint]) throws(RPCError)
    -> [ResolvedAddress]
  {
    var found: [ResolvedAddress] = []
    var failure = RPCError(.unavailable, "the target names no address")
    for endpoint in endpoints {
      do throws(RPCError) {
        for address in try addresses(of: endpoint) where !found.contains(address) {
          found.append(address)
        }
      } catch {
        failure = error
      }
    }
    if found.isEmpty { throw failure }
    return found
  }

  /// True when nothing has to be looked up: a second look would bring the same.
  static func isLiteral(_ endpoint: ClientTarget.Endpoint) -> Bool {
    switch endpoint {
    case .unixSocket: true
    case .host(let host, let port): literal(host, port) != nil
    }
  }

  private static func addresses(
    of endpoint: ClientTarget.Endpoint
  ) throws(RPCError) -> [ResolvedAddress] {
    switch endpoint {
    case .unixSocket(let path):
      do {
        return [
          ResolvedAddress(
            socket: try SocketAddress(unixDomainSocketPath: path), authority: endpoint.authority,
            serverName: nil)
        ]
      } catch {
        throw RPCError(.unavailable, "the path of socket \(path) is too long")
      }
    case .host(let host, let port):
      if let literal = literal(host, port) {
        return [
          ResolvedAddress(socket: literal, authority: endpoint.authority, serverName: nil)
        ]
      }
      return try lookUp(host, port).map {
        ResolvedAddress(socket: $0, authority: endpoint.authority, serverName: host)
      }
    }
  }

  private static func literal(_ host: String, _ port: Int) -> SocketAddress? {
    // The only error is that it is no address.
    try? SocketAddress(ipAddress: host, port: port)
  }

  private static func lookUp(_ host: String, _ port: Int) throws(RPCError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let result = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard result == 0 else {
      let reason = unsafe gai_strerror(result).map { unsafe String(cString: $0) } ?? "\(result)"
      throw RPCError(.unavailable, "cannot resolve \(host): \(reason)")
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      unsafe next = unsafe entry.ai_next
      guard let raw = unsafe UnsafeRawPointer(entry.ai_addr) else { continue }
      switch unsafe entry.ai_family {
      case AF_INET: addresses.append(SocketAddress(unsafe raw.loadUnaligned(as: sockaddr_in.self)))
      case AF_INET6:
        addresses.append(SocketAddress(unsafe raw.loadUnaligned(as: sockaddr_in6.self)))
      default: break
      }
    }
    return addresses
  }
}
