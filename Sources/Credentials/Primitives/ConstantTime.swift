// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Comparison whose time tells nothing about where two secrets differ.
package enum ConstantTime {
  /// Only the lengths may be learnt from the time that this takes.
  package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
  }
}
