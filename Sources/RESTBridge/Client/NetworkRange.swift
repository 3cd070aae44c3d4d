// SPDX-License-Identifier: Apache-2.0

/// The addresses that begin with the same bits (RFC 4632, RFC 4291 §2.3).
package struct NetworkRange: Hashable, Sendable, CustomStringConvertible {
  private let base: IPAddress
  private let prefixLength: Int

  /// - Parameter text: `10.0.0.0/8`, `fd00::/8`, or one address alone. Bits behind the prefix do not count.
  /// - Returns: nil when it is none of these.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first, let base = IPAddress(address) else { return nil }
    self.base = base
    let bits = base.bytes.count * 8
    guard parts.count == 2 else {
      prefixLength = bits
      return
    }
    guard parts[1].allSatisfy({ $0.isASCII && $0.isNumber }), let length = Int(parts[1]),
      length <= bits
    else { return nil }
    prefixLength = length
  }

  /// Whether the address is within. An IPv4 address is never within an IPv6 range.
  package func contains(_ address: IPAddress) -> Bool {
    guard address.bytes.count == base.bytes.count else { return false }
    let whole = prefixLength / 8
    guard address.bytes[..<whole] == base.bytes[..<whole] else { return false }
    let rest = prefixLength % 8
    return rest == 0 || (address.bytes[whole] ^ base.bytes[whole]) >> (8 - rest) == 0
  }

  /// `10.0.0.0/8`.
  package var description: String { "\(base)/\(prefixLength)" }
}
