// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Domain
import Persistence

struct CreateSuperuserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "createsuperuser",
    abstract: "Create a user of the installation's staff; the password is asked for, or read.",
    discussion: "With --tenant, the user also belongs to that tenant.")

  @OptionGroup var configuration: ConfigurationReader

  @Option(help: "E-mail address.")
  var email: String

  @Option(help: "User name; default: the address up to its @.")
  var username: String?

  @Option(help: "First name.")
  var firstName = ""

  @Option(help: "Last name.")
  var lastName = ""

  @Option(help: "Slug of a tenant to belong to.")
  var tenant: String?

  @Option(help: "Role there.")
  var role = Role.owner

  @Flag(inversion: .prefixedNo, help: "Whether the user is of the installation's staff.")
  var staff = true

  func run() async throws {
    guard let address = EmailAddress(email) else {
      throw ValidationError("--email is not an e-mail address")
    }
    guard let username = Username(username ?? String(email.prefix { $0 != "@" })) else {
      throw ValidationError("--username is not usable: letters, digits and .+-_")
    }
    var slug: TenantSlug?
    if let tenant {
      guard let known = TenantSlug(tenant) else { throw ValidationError("--tenant is not a slug") }
      slug = known
    }
    var profile = UserProfile()
    profile.firstName = firstName
    profile.lastName = lastName
    let password = try PasswordPrompt.read()
    let problems = PasswordPolicy.problems(
      of: password,
      for: PasswordPolicy.Person(
        email: address.rawValue, username: username.rawValue, firstName: firstName,
        lastName: lastName))
    guard problems.isEmpty else {
      throw ValidationError((["the password cannot be used:"] + problems).joined(separator: "\n  "))
    }
    let user = NewUser(
      email: address, username: username, profile: profile,
      password: try await PasswordHasher().hash(password), isStaff: staff)
    try await Database.with(configuration) { database in
      let created = try await database.people.accounts.create(user, by: .command)
      if let slug {
        try await database.people.tenants.addMember(
          user: created.id, to: slug, role: role, by: .command)
      }
      print("user \(created.id) '\(created.username.rawValue)' is there")
    }
  }
}

extension Role: ExpressibleByArgument {}
