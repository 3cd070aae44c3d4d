// SPDX-License-Identifier: Apache-2.0

/// libcrypto refused. Nothing weaker was used in its place: the call that needed it fails.
package struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which function refused, for the log.
  package let operation: String

  package var description: String { "libcrypto failed: \(operation)" }
}
