// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Persistence
import Services

struct APIKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apikey", abstract: "Create, list, rotate and revoke API keys of a tenant.",
    subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key and print it; it cannot be had again.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug of the tenant.") var slug: TenantSlug

    @Option(help: "What the key is for.")
    var name: String

    @Option(name: .customLong("scope"), help: "ingest, read or admin; may be repeated.")
    var scopes: [APIKeyScope]

    @Option(help: "Days until it ends; default: never.")
    var days: Int?

    func validate() throws {
      guard (1...100).contains(name.unicodeScalars.count) else {
        throw ValidationError("--name must have 1 to 100 characters")
      }
      guard !scopes.isEmpty else { throw ValidationError("--scope is missing") }
      if let days, !(1...36_500).contains(days) {
        throw ValidationError("--days must lie between 1 and 36500")
      }
    }

    func run() async throws {
      let secret = try APIKeyText()
      let expiresAt = days.map { WallClock.system.now().advanced(by: .seconds(86_400 * $0)) }
      try await Database.with(configuration) { database in
        let tenant = try await database.tenant(slug)
        _ = try await database.people.apiKeys.create(
          NewAPIKey(
            name: name, prefix: secret.prefix, digest: try secret.digest(), scopes: Set(scopes),
            expiresAt: expiresAt), for: tenant, by: .command)
        print(secret.text)
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List a tenant's keys.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug of the tenant.") var slug: TenantSlug

    func run() async throws {
      let now = WallClock.system.now()
      try await Database.with(configuration) { database in
        let tenant = try await database.tenant(slug)
        print("id\tprefix\tscopes\tstate\tlast used\tname")
        for key in try await database.people.apiKeys.keys(of: tenant) {
          print(
            [
              "\(key.id)", key.prefix, key.scopes.map(\.rawValue).sorted().joined(separator: ","),
              key.isValid(at: now) ? "valid" : "over", key.lastUsedAt?.rfc3339 ?? "never", key.name,
            ].joined(separator: "\t"))
        }
      }
    }
  }

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key that replaces another, and print it.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug of the tenant.") var slug: TenantSlug
    @Argument(help: "Id of the old key.") var id: Int64

    @Option(help: "Seconds that the old key goes on for.")
    var overlap = 86_400

    func validate() throws {
      guard (0...2_592_000).contains(overlap) else {
        throw ValidationError("--overlap must lie between 0 and 2592000")
      }
    }

    func run() async throws {
      let secret = try APIKeyText()
      try await Database.with(configuration) { database in
        let tenant = try await database.tenant(slug)
        _ = try await database.people.apiKeys.rotate(
          id: id, of: tenant, prefix: secret.prefix, digest: try secret.digest(),
          overlap: .seconds(overlap), by: .command)
        print(secret.text)
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a key now.")

    @OptionGroup var configuration: ConfigurationReader
    @Argument(help: "Slug of the tenant.") var slug: TenantSlug
    @Argument(help: "Id of the key.") var id: Int64

    func run() async throws {
      try await Database.with(configuration) { database in
        let tenant = try await database.tenant(slug)
        try await database.people.apiKeys.revoke(id: id, of: tenant, by: .command)
        print("key \(id) is revoked")
      }
    }
  }
}

extension APIKeyScope: ExpressibleByArgument {}
