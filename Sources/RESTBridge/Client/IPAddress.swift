// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address. An IPv4 one inside IPv6 (`::ffff:192.0.2.1`) counts as IPv4.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16.
  let bytes: [UInt8]

  /// - Parameter text: `192.0.2.1` or `2001:db8::1`, without brackets; a zone (`%eth0`) is left out.
  /// - Returns: nil when it is neither.
  package init?(_ text: some StringProtocol) {
    let text = Substring(text).prefix { $0 != "%" }
    guard let bytes = text.contains(":") ? Self.version6(text) : Self.version4(text) else {
      return nil
    }
    // RFC 4291 §2.5.5.2.
    let mapped = Array(repeating: 0 as UInt8, count: 10) + [0xFF, 0xFF]
    self.bytes = bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
  }

  /// As RFC 5952 §4 writes it: the longest run of zeros left out, lower case.
  package var description: String {
    guard bytes.count == 16 else { return bytes.map(String.init).joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    var longest = 0..<0
    var start = 0
    for end in 1...8 where end == 8 || (groups[end] == 0) != (groups[start] == 0) {
      if groups[start] == 0, end - start > max(1, longest.count) { longest = start..<end }
      start = end
    }
    func text(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard !longest.isEmpty else { return text(groups[...]) }
    return "\(text(groups[..<longest.lowerBound]))::\(text(groups[longest.upperBound...]))"
  }

  private static func version4(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      // RFC 6943 §3.1.1: a leading zero would be octal to some.
      guard part.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
        part.count == 1 || part.first != "0", let byte = UInt8(part)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func version6(_ text: Substring) -> [UInt8]? {
    guard let gap = text.firstRange(of: "::") else {
      return groups(text).flatMap { $0.count == 16 ? $0 : nil }
    }
    guard let head = groups(text[..<gap.lowerBound], mayEndWithVersion4: false),
      let tail = groups(text[gap.upperBound...]), head.count + tail.count <= 14
    else { return nil }
    return head + Array(repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// The bytes of groups with colons between them.
  private static func groups(_ text: Substring, mayEndWithVersion4: Bool = true) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if mayEndWithVersion4, index == parts.count - 1, let last = version4(part) {
        bytes += last
      } else if (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
        let group = UInt16(part, radix: 16)
      {
        bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
      } else {
        return nil
      }
    }
    return bytes.count <= 16 ? bytes : nil
  }
}
