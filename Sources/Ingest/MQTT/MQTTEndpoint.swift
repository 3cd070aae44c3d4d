// SPDX-License-Identifier: Apache-2.0

import ByteText

/// Where the broker is, and who we are to it.
package struct MQTTEndpoint: Hashable, Sendable, CustomStringConvertible {
  package var host: String
  package var port: UInt16
  package var username: String?
  package var password: String?
  /// Encrypt, and check the broker's certificate against `certificateAuthorities`.
  package var usesTLS: Bool
  /// Directory of hashed CA certificates. Default: Debian's.
  package var certificateAuthorities = "/etc/ssl/certs"

  package init(
    host: String, port: UInt16, username: String? = nil, password: String? = nil,
    usesTLS: Bool = false
  ) {
    self.host = host
    self.port = port
    self.username = username
    self.password = password
    self.usesTLS = usesTLS
  }

  /// Parses `mqtt://[user[:password]@]host[:port]`; `tcp` is another word for `mqtt`; `mqtts`, `ssl`
  /// and `tls` encrypt. Ports default to 1883 and 8883. User and password are percent-decoded.
  /// - Returns: nil when `url` is anything else.
  package init?(url: String) {
    guard let colon = url.firstRange(of: "://") else { return nil }
    switch url[..<colon.lowerBound].lowercased() {
    case "mqtt", "tcp": usesTLS = false
    case "mqtts", "ssl", "tls": usesTLS = true
    default: return nil
    }
    var rest = url[colon.upperBound...]
    if rest.hasSuffix("/") { rest.removeLast() }
    guard !rest.contains("/") else { return nil }
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let user = Self.percentDecoded(parts[0]) else { return nil }
      username = user
      if parts.count == 2 {
        guard let secret = Self.percentDecoded(parts[1]) else { return nil }
        password = secret
      }
      rest = rest[rest.index(after: at)...]
    }
    port = usesTLS ? 8883 : 1883
    var name = rest
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      // An IPv6 address (RFC 3986 §3.2.2).
      name = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
    } else {
      name = rest.prefix { $0 != ":" }
      rest = rest[name.endIndex...]
    }
    if !rest.isEmpty {
      guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()), number > 0 else {
        return nil
      }
      port = number
    }
    guard !name.isEmpty else { return nil }
    host = String(name)
  }

  /// For logs: without the password.
  package var description: String { "\(usesTLS ? "mqtts" : "mqtt")://\(host):\(port)" }

  private static func percentDecoded(_ text: Substring) -> String? {
    PercentDecoding.bytes(text).flatMap { String(validating: $0, as: UTF8.self) }
  }
}
