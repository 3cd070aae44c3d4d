// SPDX-License-Identifier: Apache-2.0

import Domain

/// What a new tenant may be called in hosts, topics and its schema's name.
enum NewTenantSlug {
  /// Hosts and paths of the server itself, and names that would pass for it.
  static let reserved: Set<String> = [
    "admin", "api", "app", "assets", "auth", "cdn", "dev", "docs", "ftp", "health", "help",
    "imap", "information-schema", "ingest", "internal", "localhost", "mail", "media", "metrics",
    "mqtt", "ops", "pop", "postgres", "public", "root", "rpc", "schema", "smtp", "static",
    "status", "support", "system", "test", "traksense", "webmail", "ws", "www",
  ]

  /// - Parameters:
  ///   - text: what was asked for; empty: made of the name.
  ///   - problems: hears of what is wrong with it.
  static func slug(
    _ text: String, tenantName: String, _ problems: inout FieldProblems
  ) -> TenantSlug? {
    let isMade = text.trimmed.isEmpty
    // Without a name there is nothing to make it of, and that was said.
    if isMade, tenantName.isEmpty { return nil }
    guard let slug = TenantSlug(isMade ? make(of: tenantName) : text.trimmed) else {
      problems.add(
        "tenant_slug",
        isMade
          ? "The name has no letters to make it of: choose one."
          : "May have 1–63 characters: letters a–z, digits and - only, not at either end.")
      return nil
    }
    guard isUsable(slug) else {
      problems.add("tenant_slug", "\"\(slug)\" is reserved: choose another one.")
      return nil
    }
    return slug
  }

  /// A schema's name starts with a letter, and PostgreSQL keeps those with `pg_` for itself (PostgreSQL
  /// manual, CREATE SCHEMA).
  static func isUsable(_ slug: TenantSlug) -> Bool {
    guard let first = slug.rawValue.first, first.isLetter else { return false }
    return !slug.rawValue.hasPrefix("pg-") && !reserved.contains(slug.rawValue)
  }

  /// `Hospital São João` is `hospital-sao-joao`: accents are dropped, and whatever is neither letter nor
  /// digit separates words.
  static func make(of name: String) -> String {
    var words: [String] = []
    var word = ""
    for character in name.lowercased() {
      let plain = String(character).unicodeScalars.flatMap { folded($0) }
      if plain.isEmpty {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word += String(String.UnicodeScalarView(plain))
      }
    }
    if !word.isEmpty { words.append(word) }
    var slug = words.joined(separator: "-")
    // A slug starts with a letter, see ``isUsable(_:)``.
    if slug.first?.isNumber == true { slug = "t-" + slug }
    slug = String(slug.prefix(63))
    while slug.last == "-" { slug.removeLast() }
    return slug
  }

  /// Letters and digits of ASCII for one scalar; nothing for what has none.
  private static func folded(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    switch scalar {
    case "a"..."z", "0"..."9": [scalar]
    case "à", "á", "â", "ã", "ä", "å", "ā": ["a"]
    case "ç", "ć", "č": ["c"]
    case "è", "é", "ê", "ë", "ē", "ę": ["e"]
    case "ì", "í", "î", "ï", "ī": ["i"]
    case "ñ", "ń": ["n"]
    case "ò", "ó", "ô", "õ", "ö", "ø", "ō": ["o"]
    case "ù", "ú", "û", "ü", "ū": ["u"]
    case "ý", "ÿ": ["y"]
    case "š", "ś": ["s"]
    case "ž", "ź", "ż": ["z"]
    case "ł": ["l"]
    case "æ": ["a", "e"]
    case "œ": ["o", "e"]
    case "ß": ["s", "s"]
    default: []
    }
  }
}
