// SPDX-License-Identifier: Apache-2.0

/// The names of the IANA time zone database that this installation knows. Names, not rules: nothing is
/// computed with them here.
package struct TimeZoneNames: Hashable, Sendable {
  /// Where Debian's package `tzdata` keeps names and rules in one text.
  package static let systemFile = "/usr/share/zoneinfo/tzdata.zi"

  private let names: Set<String>

  /// - Parameter tzdata: contents of `tzdata.zi` (zic(8)): zones are lines `Z name …`, other names for
  ///   them lines `L zone name`. Without any, only `UTC` and the default of profiles are known.
  package init(tzdata: String = "") {
    var names: Set<String> = ["UTC", "America/Sao_Paulo"]
    for line in tzdata.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      switch words.first {
      case "Z" where words.count > 1: names.insert(String(words[1]))
      case "L" where words.count == 3: names.insert(String(words[2]))
      default: break
      }
    }
    self.names = names
  }

  /// Names known.
  package var count: Int { names.count }

  package func contains(_ name: String) -> Bool { names.contains(name) }
}
