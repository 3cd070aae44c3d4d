// SPDX-License-Identifier: Apache-2.0

/// What may stand between two slashes of an MQTT topic here.
enum TopicLevel {
  /// Longest identity, in Unicode scalars; the width of the catalogue's columns.
  static let maxLength = 200

  static func isUsable(_ text: some StringProtocol) -> Bool {
    var count = 0
    for scalar in text.unicodeScalars {
      count += 1
      switch scalar {
      case "/", "+", "#": return false
      default:
        // C0, DEL and C1 controls: MQTT 3.1.1 §1.5.3 lets a broker refuse them.
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) { return false }
      }
      if count > maxLength { return false }
    }
    return count > 0
  }
}
