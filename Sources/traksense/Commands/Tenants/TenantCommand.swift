// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Persistence

struct TenantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Create, list, suspend, resume and delete tenants.",
    subcommands: [
      Create.self, List.self, Suspend.self, Resume.self, Delete.self, DomainCommand.self,
    ])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create a tenant with its schema and hosts.")

    @OptionGroup var configuration: ConfigurationReader

    @Argument(help: "Slug: a–z, 0–9 and -.")
    var slug: TenantSlug

    @Option(help: "Display name; default: the slug.")
    var name: String?

    @Option(help: "Name of the PostgreSQL schema; default: the slug with _ for -.")
    var schema: String?

    @Option(
      name: .customLong("domain"),
      help: "Host of the tenant; may be repeated, the first is the primary one.")
    var domains: [String] = []

    func run() async throws {
      let values = try configuration.read()
      let domains =
        domains.isEmpty ? ["\(slug.rawValue).\(values.accounts.tenantBaseDomain)"] : domains
      try await Database.with(configuration) { database in
        let tenant = try await database.people.tenants.create(
          NewTenant(slug: slug, schema: schema, name: name ?? slug.rawValue, domains: domains),
          by: .command)
        print("tenant '\(tenant.slug)' is there: schema \(tenant.schema), host \(domains[0])")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List all tenants.")

    @OptionGroup var configuration: ConfigurationReader

    func run() async throws {
      try await Database.with(configuration) { database in
        print("slug\tschema\tmembers\tstate\thosts\tname")
        for record in try await database.people.tenants.tenants() {
          let tenant = record.tenant
          print(
            [
              tenant.slug.rawValue, tenant.schema, "\(record.members)",
              tenant.isSuspended ? "suspended" : "active", record.domains.joined(separator: ","),
              tenant.name,
            ].joined(separator: "\t"))
        }
      }
    }
  }

  struct Suspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Refuse a tenant's people, keys and messages; its data stays.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug.") var slug: TenantSlug

    func run() async throws {
      try await Database.with(configuration) { database in
        try await database.people.tenants.setSuspended(true, slug, by: .command)
        print("tenant '\(slug)' is suspended")
      }
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a suspended tenant in again.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug.") var slug: TenantSlug

    func run() async throws {
      try await Database.with(configuration) { database in
        try await database.people.tenants.setSuspended(false, slug, by: .command)
        print("tenant '\(slug)' is active")
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a tenant and all its data. There is no way back.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug.") var slug: TenantSlug

    @Option(help: "The slug again, so that nothing is deleted by mistake.")
    var confirm: TenantSlug

    func validate() throws {
      guard confirm == slug else { throw ValidationError("--confirm names another tenant") }
    }

    func run() async throws {
      try await Database.with(configuration) { database in
        try await database.people.tenants.delete(slug, by: .command)
        print("tenant '\(slug)' is deleted")
      }
    }
  }
}

extension TenantSlug: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
