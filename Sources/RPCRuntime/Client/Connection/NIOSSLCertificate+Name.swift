// SPDX-License-Identifier: Apache-2.0

import NIOSSL

extension NIOSSLCertificate {
  /// Whether one of the certificate's subject alternative names is a host name (RFC 9525 §6.3): equal
  /// without regard to case, or with `*` for the whole first label. The common name means nothing.
  func isIssued(to name: String) -> Bool {
    _subjectAlternativeNames().contains { alternative in
      alternative.nameType == .dnsName && Self.covers(Array(alternative.contents), name)
    }
  }

  static func covers(_ pattern: [UInt8], _ name: String) -> Bool {
    let pattern = Self.labels(pattern)
    let labels = Self.labels(Array(name.utf8))
    guard pattern.count == labels.count, let first = pattern.first else { return false }
    guard first == [UInt8(ascii: "*")], pattern.count > 2 else { return pattern == labels }
    return pattern.dropFirst() == labels.dropFirst()
  }

  private static func labels(_ name: [UInt8]) -> [ArraySlice<UInt8>] {
    let isUpper = UInt8(ascii: "A")...UInt8(ascii: "Z")
    let lower = name.map { isUpper.contains($0) ? $0 | 0x20 : $0 }
    // A root dot at the end changes nothing.
    let trimmed = lower.last == UInt8(ascii: ".") ? lower.dropLast() : lower[...]
    return trimmed.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  }
}
