// SPDX-License-Identifier: Apache-2.0
import Credentials
import RPCRuntime

/// The API keys that may ingest. Keeps digests only; compares them in constant time.
package struct IngestKeys: Sendable {
  private let digests: [[UInt8]]
  private let setting: String

  /// - Parameters:
  ///   - keys: any of them opens; empty ones are ignored.
  ///   - setting: name of the setting that holds them, for the message when there is none.
  package init(_ keys: [String], setting: String) {
    digests = keys.filter { !$0.isEmpty }.compactMap { Self.sha256($0) }
    self.setting = setting
  }

  /// Looks for a key in `x-api-key`, `x-device-token`, then `authorization: Bearer`.
  /// - Throws: UNAUTHENTICATED when there is none, it is unknown, or no key is configured at all.
  func check(_ metadata: Metadata) throws(RPCError) {
    guard !digests.isEmpty else {
      throw RPCError(
        .unauthenticated, "ingest is closed: no API key is configured, see setting \(setting)")
    }
    guard let presented = Self.key(in: metadata) else {
      throw RPCError(
        .unauthenticated,
        "API key required: metadata x-api-key, x-device-token or authorization: Bearer")
    }
    guard accepts(presented) else {
      throw RPCError(.unauthenticated, "unknown API key")
    }
  }

  private static func key(in metadata: Metadata) -> String? {
    if let key = metadata["x-api-key"] ?? metadata["x-device-token"] { return key }
    guard let authorization = metadata["authorization"] else { return nil }
    let parts = authorization.split(separator: " ", maxSplits: 1)
    // RFC 9110 §11.1: the scheme is case-insensitive.
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }

  /// Looks at every key, so that time tells nothing.
  private func accepts(_ key: String) -> Bool {
    guard let digest = Self.sha256(key) else { return false }
    var isKnown = false
    for known in digests where ConstantTime.areEqual(known, digest) { isKnown = true }
    return isKnown
  }

  /// - Returns: nil when libcrypto fails, which counts as "no".
  private static func sha256(_ text: String) -> [UInt8]? {
    do throws(CryptoError) {
      return try Digest.sha256(text)
    } catch {
      return nil
    }
  }
}
