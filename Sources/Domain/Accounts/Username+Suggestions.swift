// SPDX-License-Identifier: Apache-2.0

extension Username {
  /// Names for a person who chose none: what stands before the `@`, as far as a user name may have it; then
  /// the same with a number behind it. Never empty.
  package static func suggestions(for email: EmailAddress, count: Int = 50) -> [Username] {
    let local = email.rawValue.prefix { $0 != "@" }
    let usable = String(
      local.map { $0.isLetter || $0.isNumber || ".+-_".contains($0) ? $0 : "_" })
    return (1...max(1, count)).compactMap { number in
      Username(number == 1 ? usable : "\(usable)\(number)")
    }
  }
}
