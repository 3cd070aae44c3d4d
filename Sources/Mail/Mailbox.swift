// SPDX-License-Identifier: Apache-2.0
package import Domain

/// An address and the name that is shown beside it (RFC 5322 §3.4).
package struct Mailbox: Hashable, Sendable {
  package let name: String?
  package let address: EmailAddress

  package init(name: String? = nil, address: EmailAddress) {
    self.name = name
    self.address = address
  }

  /// Reads `noreply@example.com` or `TrakSense <noreply@example.com>`, the name with or without quotes.
  /// - Returns: nil when `text` is neither; an address with characters beyond ASCII (RFC 6531) is not
  ///   supported.
  package init?(_ text: String) {
    let text = text.trimmed
    guard let open = text.lastIndex(of: "<"), text.hasSuffix(">") else {
      guard let address = EmailAddress(text) else { return nil }
      self.init(address: address)
      return
    }
    guard let address = EmailAddress(String(text[text.index(after: open)...].dropLast())) else {
      return nil
    }
    var name = String(text[..<open]).trimmed[...]
    if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") {
      name = name.dropFirst().dropLast()
    }
    self.init(name: name.isEmpty ? nil : String(name), address: address)
  }

  /// What stands behind the address's sign.
  var domain: Substring {
    address.rawValue.split(separator: "@").last ?? "localhost"
  }
}
