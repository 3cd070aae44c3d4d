// SPDX-License-Identifier: Apache-2.0

/// What is spoken on a connection, by its ALPN identifier (RFC 7301 §6).
enum ApplicationProtocol: String {
  case http2 = "h2"
}
