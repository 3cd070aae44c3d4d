// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

/// Reads what of a list is wanted, and collects all that is wrong with it.
struct ListInput {
  /// Words of a search. Default 10: each costs a look at every row.
  private static let maxTerms = 10
  /// Of one word, in characters. Default 100.
  private static let maxTermLength = 100

  private(set) var problems = FieldProblems()

  mutating func search(_ text: String, _ field: String = "search") -> [String] {
    let terms = text.split { $0.isWhitespace || $0 == "," }.map(String.init)
    if terms.count > Self.maxTerms {
      problems.add(field, "Must have no more than \(Self.maxTerms) words.")
    }
    if terms.contains(where: { $0.unicodeScalars.count > Self.maxTermLength }) {
      problems.add(field, "Words must have no more than \(Self.maxTermLength) characters.")
    }
    return terms
  }

  mutating func order<Field: CatalogueWord>(
    _ text: String, _ field: String = "ordering"
  ) -> [OrderTerm<Field>] {
    var terms: [OrderTerm<Field>] = []
    for part in text.split(separator: ",") {
      let name = String(part).trimmed
      let isDescending = name.hasPrefix("-")
      guard let known = Field(rawValue: String(name.dropFirst(isDescending ? 1 : 0))) else {
        problems.addChoice(name, field, Field.list)
        continue
      }
      if !terms.contains(where: { $0.field == known }) {
        terms.append(OrderTerm(known, isDescending: isDescending))
      }
    }
    return terms
  }

  mutating func word<Word: CatalogueWord>(
    _ text: String, _ field: String, as type: Word.Type = Word.self
  ) -> Word? {
    text.isEmpty ? nil : problems.word(text, field)
  }

  /// The status of assets: as said, or as measured.
  mutating func assetStatus(_ text: String) -> AssetQuery.Status? {
    guard !text.isEmpty else { return nil }
    if let said = AssetStatus(anyCase: text.trimmed) { return .said(said) }
    if let measured = Connectivity(anyCase: text.trimmed) { return .measured(measured) }
    problems.addChoice(text, "status", "\(AssetStatus.list), \(Connectivity.list)")
    return nil
  }

  /// The status of devices: as shown, or whether they need attention.
  mutating func deviceStatus(_ text: String) -> DeviceQuery.Status? {
    guard !text.isEmpty else { return nil }
    if let shown = DeviceStatus(anyCase: text.trimmed) { return .shown(shown) }
    if Connectivity(anyCase: text.trimmed) == .warning { return .warning }
    problems.addChoice(text, "status", "\(DeviceStatus.list), \(Connectivity.warning.rawValue)")
    return nil
  }

  /// - Throws: INVALID_ARGUMENT with all that is wrong.
  func check() throws(RPCError) { try problems.check() }
}

extension String {
  /// nil when empty: not asked for.
  var asFilter: String? { isEmpty ? nil : self }
}
