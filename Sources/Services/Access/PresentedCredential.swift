// SPDX-License-Identifier: Apache-2.0

import RPCRuntime

/// What a call brings to prove who makes it, as text that nobody has checked. Does not print itself.
enum PresentedCredential: CustomStringConvertible {
  /// `tsk_<prefix>_<secret>`.
  case apiKey(String)
  /// A signed token or an installation's key.
  case bearer(String)
  /// In `x-api-key` or `x-device-token`: no token.
  case key(String)
  case certificate(PeerIdentity)

  /// `x-api-key` goes before `x-device-token`, `authorization: Bearer` and the client's certificate.
  /// - Returns: nil when the call brings nothing.
  init?(_ context: ServerContext) {
    if let key = Self.value("x-api-key", context) ?? Self.value("x-device-token", context) {
      self = APIKeyText.isOne(key) ? .apiKey(key) : .key(key)
    } else if let token = Self.bearer(context) {
      self = APIKeyText.isOne(token) ? .apiKey(token) : .bearer(token)
    } else if let identity = context.peerIdentity {
      self = .certificate(identity)
    } else {
      return nil
    }
  }

  /// The text behind `authorization: Bearer`.
  static func bearer(_ context: ServerContext) -> String? {
    guard let authorization = context.metadataValue("authorization") else { return nil }
    let parts = authorization.split(separator: " ", maxSplits: 1)
    // RFC 9110 §11.1: the scheme is case-insensitive.
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }

  private static func value(_ key: StaticString, _ context: ServerContext) -> String? {
    context.metadataValue(key).flatMap { $0.isEmpty ? nil : $0 }
  }

  var description: String { "(redacted)" }
}
