// SPDX-License-Identifier: Apache-2.0

import Credentials

/// The installation's own keys, which send readings to any tenant. Keeps digests only; compares them in
/// constant time.
package struct IngestKeys: Sendable {
  private let digests: [[UInt8]]
  /// Name of the setting that holds them.
  let setting: String

  /// - Parameters:
  ///   - keys: any of them opens; empty ones are ignored.
  ///   - setting: name of the setting that holds them, for the message when there is none.
  package init(_ keys: [String], setting: String) {
    digests = keys.filter { !$0.isEmpty }.compactMap { try? Digest.sha256($0) }
    self.setting = setting
  }

  /// No key is configured.
  var isEmpty: Bool { digests.isEmpty }

  /// Looks at every key, so that time tells nothing.
  func accepts(_ key: String) -> Bool {
    // When libcrypto fails, that counts as "no".
    guard let digest = try? Digest.sha256(key) else { return false }
    var isKnown = false
    for known in digests where ConstantTime.areEqual(known, digest) { isKnown = true }
    return isKnown
  }
}
