// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Persistence

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the database schemas up to date.")

  @OptionGroup var configuration: ConfigurationReader

  @Option(help: "Only this tenant's schema (and public).")
  var schema: String?

  func run() async throws {
    let database = try Database(configuration.read())
    let report = try await database.migrator.migrate(schema: schema) { step in
      print(
        "[\(step.number)/\(step.total)] \(step.schema): \(step.fromVersion) → \(step.toVersion)")
    }
    await database.pool.close()
    if report.migrated.isEmpty { print("nothing to do") }
  }
}
