// SPDX-License-Identifier: Apache-2.0

/// By what people and MQTT topics name an asset (`CH-001`): one level of a topic, at most 100 characters, in
/// capitals, so that two spellings are one tag.
package struct AssetTag: Hashable, Sendable, CustomStringConvertible {
  package static let maxLength = 100

  package let rawValue: String

  /// - Parameter text: trimmed already, in any case.
  /// - Returns: nil when `text` is no such name.
  package init?(_ text: some StringProtocol) {
    let folded = text.uppercased()
    guard TopicLevel.isUsable(folded), folded.unicodeScalars.count <= Self.maxLength else {
      return nil
    }
    rawValue = folded
  }

  /// The tag for a thing that has only a name: its letters and digits, with `-` for everything between them.
  /// - Parameters:
  ///   - name: for people: `Chiller 1`.
  ///   - number: 1 for the first of that name; later ones have theirs at the end: `CHILLER-1-2`.
  /// - Returns: nil when the name has neither letters nor digits.
  package init?(madeFrom name: some StringProtocol, number: Int = 1) {
    let words = name.split { !$0.isLetter && !$0.isNumber }.map { $0.uppercased() }
    let suffix = number > 1 ? "-\(number)" : ""
    var tag = ""
    var length = suffix.count
    for character in words.joined(separator: "-") {
      length += character.unicodeScalars.count
      guard length <= Self.maxLength else { break }
      tag.append(character)
    }
    guard !tag.isEmpty else { return nil }
    self.init(tag + suffix)
  }

  package var description: String { rawValue }
}
