// SPDX-License-Identifier: Apache-2.0

/// What a connection speaks, by its ALPN name (RFC 7301, RFC 9113 §3.1).
enum ApplicationProtocol: String, CaseIterable {
  case http2 = "h2"
  case http1 = "http/1.1"

  /// What a request of HTTP/1.1 begins with (RFC 9110 §9.3, RFC 5789).
  private static let methods = [
    "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ",
  ]

  /// Anything that is not HTTP/1.1 is for HTTP/2 to refuse (RFC 9113 §3.4).
  /// - Parameter bytes: the first that were received in cleartext.
  /// - Returns: nil when they do not tell yet.
  init?(firstBytes bytes: some Collection<UInt8>) {
    if Self.methods.contains(where: { bytes.starts(with: $0.utf8) }) {
      self = .http1
    } else if Self.methods.contains(where: { $0.utf8.starts(with: bytes) }) {
      return nil
    } else {
      self = .http2
    }
  }
}
