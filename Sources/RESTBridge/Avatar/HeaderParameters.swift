// SPDX-License-Identifier: Apache-2.0

/// A header value with parameters: `form-data; name="avatar"; filename="me.png"` (RFC 9110 §5.6.6).
struct HeaderParameters: Hashable, Sendable {
  /// Lower case.
  let value: String
  /// Names in lower case; of equal ones the first.
  private(set) var parameters: [String: String] = [:]

  /// - Returns: nil when the text is not of that form.
  init?(_ text: some StringProtocol) {
    var rest = Substring(text)
    value = Self.trimmed(rest.prefix { $0 != ";" }).lowercased()
    rest = rest.drop { $0 != ";" }
    while rest.popFirst() != nil {
      rest = rest.drop { $0 == " " || $0 == "\t" }
      // A final semicolon is harmless.
      if rest.isEmpty { return }
      guard let equals = rest.firstIndex(of: "=") else { return nil }
      let name = rest[..<equals].lowercased()
      rest = rest[rest.index(after: equals)...]
      guard !name.isEmpty, name.allSatisfy({ !" \t\";".contains($0) }),
        let content = rest.first == "\"" ? Self.quoted(&rest) : Self.token(&rest)
      else { return nil }
      if parameters[name] == nil { parameters[name] = content }
      rest = rest.drop { $0 == " " || $0 == "\t" }
      guard rest.isEmpty || rest.first == ";" else { return nil }
    }
  }

  private static func token(_ rest: inout Substring) -> String? {
    let token = trimmed(rest.prefix { $0 != ";" })
    rest = rest.drop { $0 != ";" }
    return token.isEmpty || token.contains { " \t\"".contains($0) } ? nil : String(token)
  }

  private static func quoted(_ rest: inout Substring) -> String? {
    rest.removeFirst()
    var text = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return text
      case "\\":
        guard let escaped = rest.popFirst() else { return nil }
        text.append(escaped)
      default: text.append(character)
      }
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
