// SPDX-License-Identifier: Apache-2.0

/// What a connection speaks, by its ALPN name (RFC 7301, RFC 9113 §3.1).
enum ApplicationProtocol: String, CaseIterable {
  case http2 = "h2"
  case http1 = "http/1.1"

  /// - Parameter bytes: the first that were received in cleartext.
  /// - Returns: nil when they do not tell yet.
  init?(firstBytes bytes: some Collection<UInt8>) {
    // RFC 9113 §3.4. HTTP/1.1 begins with a method, in capitals; anything else is for HTTP/2 to refuse.
    let preface = "PRI ".utf8
    if bytes.starts(with: preface) {
      self = .http2
    } else if preface.starts(with: bytes) {
      return nil
    } else if let first = bytes.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) {
      self = .http1
    } else {
      self = .http2
    }
  }
}
