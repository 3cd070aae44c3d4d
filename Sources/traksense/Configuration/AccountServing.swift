// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain

/// Who may come in, and how they are known.
struct AccountServing: Sendable {
  /// Sign tokens and URLs; nil only where a command serves nobody.
  var signing: Signing?
  /// Lower case.
  var publicHosts: Set<String>
  /// New tenants get a host below it.
  var tenantBaseDomain: String
  var allowsRegistration: Bool
  /// `{tenant}` stands for the slug.
  var frontendURL: String
  /// By names in client certificates.
  var serviceRoles: [String: Role]
}

extension AccountServing {
  /// Secrets of which only the server knows.
  struct Signing: Sendable {
    let keys: SigningKeys
    /// The one that signs.
    let first: Secret

    init(_ setting: String) throws(SigningKeys.Problem) {
      keys = try SigningKeys(setting)
      first = Secret(value: (setting.split(separator: ",").first.map(String.init) ?? "").trimmed)
    }
  }

  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    do throws(SigningKeys.Problem) {
      signing = try values[.secretKey].map { text throws(SigningKeys.Problem) in
        try Signing(text)
      }
    } catch {
      problems.append("\(Setting.secretKey.rawValue) \(error)")
    }
    publicHosts = Set(values.list(.publicHosts).map { $0.lowercased() })
    tenantBaseDomain = (values[.tenantBaseDomain] ?? "").lowercased()
    if tenantBaseDomain.isEmpty || tenantBaseDomain.contains("/") {
      problems.append("\(Setting.tenantBaseDomain.rawValue) is not a domain")
    }
    let registration = values[.registration]
    allowsRegistration = registration == "open"
    if registration != "open", registration != "closed" {
      problems.append("\(Setting.registration.rawValue) is not open or closed")
    }
    frontendURL = values[.frontendURL] ?? ""
    if !frontendURL.hasPrefix("http://"), !frontendURL.hasPrefix("https://") {
      problems.append("\(Setting.frontendURL.rawValue) is not an http:// or https:// URL")
    }
    serviceRoles = [:]
    for entry in values.list(.serviceRoles) {
      // The name itself may hold `=`.
      guard let equals = entry.lastIndex(of: "="), equals > entry.startIndex,
        let role = Role(rawValue: String(entry[entry.index(after: equals)...]))
      else {
        problems.append(
          "\(Setting.serviceRoles.rawValue): '\(entry)' is not NAME=role with one of "
            + Role.allCases.map(\.rawValue).joined(separator: ", "))
        continue
      }
      serviceRoles[String(entry[..<equals])] = role
    }
  }
}

extension [Setting: String] {
  /// The parts of a value that has commas between them.
  func list(_ setting: Setting) -> [String] {
    (self[setting] ?? "").split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
  }

  /// A value that is `true` or `false`.
  func flag(_ setting: Setting, _ problems: inout [String]) -> Bool {
    switch self[setting] {
    case "true": return true
    case "false": return false
    default:
      problems.append("\(setting.rawValue) is not true or false")
      return false
    }
  }
}
