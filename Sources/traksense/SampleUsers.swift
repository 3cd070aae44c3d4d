// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import Persistence

/// One user of each role in the sample tenant.
enum SampleUsers {
  static let password = PlainPassword("try-traksense-1")

  /// Makes those that are missing.
  static func seed(in tenant: Tenant, _ database: Database) async throws {
    let hasher = try PasswordHasher()
    for role in Role.allCases {
      let name = role.rawValue
      guard let email = EmailAddress("\(name)@\(tenant.slug).example"),
        let username = Username(name)
      else { continue }
      guard try await database.people.accounts.credentials(for: .username(username)) == nil else {
        continue
      }
      var profile = UserProfile()
      profile.firstName = "Sample"
      profile.lastName = name.prefix(1).uppercased() + name.dropFirst()
      let user = try await database.people.accounts.create(
        NewUser(
          email: email, username: username, profile: profile,
          password: try await hasher.hash(password)), by: .command)
      try await database.people.tenants.addMember(
        user: user.id, to: tenant.slug, role: role, by: .command)
    }
  }
}
