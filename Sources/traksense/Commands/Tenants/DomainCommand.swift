// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Persistence

struct DomainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "domain", abstract: "Add, remove and list a tenant's hosts.",
    subcommands: [Add.self, Remove.self, List.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give a tenant a host.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug.") var slug: TenantSlug
    @Argument(help: "Host name.") var domain: String
    @Flag(help: "Make it the primary one.") var primary = false

    func run() async throws {
      try await Database.with(configuration) { database in
        try await database.people.tenants.addDomain(
          domain, to: slug, isPrimary: primary, by: .command)
        print("\(domain) is a host of '\(slug)'")
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a host away from a tenant.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug.") var slug: TenantSlug
    @Argument(help: "Host name.") var domain: String

    func run() async throws {
      try await Database.with(configuration) { database in
        try await database.people.tenants.removeDomain(domain, from: slug, by: .command)
        print("\(domain) is no host of '\(slug)' any more")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a tenant's hosts, the primary one first.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug.") var slug: TenantSlug

    func run() async throws {
      try await Database.with(configuration) { database in
        guard let record = try await database.people.tenants.record(of: slug) else {
          throw AccountError.notFound
        }
        for domain in record.domains { print(domain) }
      }
    }
  }
}
