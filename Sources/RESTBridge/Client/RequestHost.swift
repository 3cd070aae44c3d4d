// SPDX-License-Identifier: Apache-2.0

/// The host that a request is for (RFC 9110 §7.2).
struct RequestHost: Hashable, Sendable {
  /// Lower case, without port, without a final dot; an IPv6 address without brackets.
  let name: String
  let port: Int?

  /// - Parameter authority: the Host header: `UMC.example.com:8000`, `[::1]:8000`.
  /// - Returns: nil when it is no host.
  init?(_ authority: some StringProtocol) {
    let text = authority.lowercased()
    var name = text[...]
    var port: Substring?
    if name.hasPrefix("[") {
      guard let close = name.firstIndex(of: "]") else { return nil }
      let rest = name[name.index(after: close)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      port = rest.isEmpty ? nil : rest.dropFirst()
      name = name[..<close].dropFirst()
      guard IPAddress(name) != nil else { return nil }
    } else if let colon = name.firstIndex(of: ":") {
      port = name[name.index(after: colon)...]
      name = name[..<colon]
    }
    if name.hasSuffix(".") { name.removeLast() }
    guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy(Self.isPartOfHost) else {
      return nil
    }
    self.name = String(name)
    // "host:" is allowed (RFC 3986 §3.2.3).
    guard let port, !port.isEmpty else {
      self.port = nil
      return
    }
    guard port.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let number = UInt16(port)
    else { return nil }
    self.port = Int(number)
  }

  private static func isPartOfHost(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"):
      true
    default: false
    }
  }

  /// As in a URL, with the port unless it is the scheme's own.
  func text(scheme: String) -> String {
    let host = name.contains(":") ? "[\(name)]" : name
    guard let port, port != Self.defaultPort(scheme) else { return host }
    return "\(host):\(port)"
  }

  static func defaultPort(_ scheme: some StringProtocol) -> Int { scheme == "https" ? 443 : 80 }
}
