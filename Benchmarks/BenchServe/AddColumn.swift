// SPDX-License-Identifier: Apache-2.0
import Domain
import Logging
import Persistence

/// What a newer program's `migrate` does: further columns for every tenant. A process of its own, so that it can
/// be killed: `BenchServe add-column URL COUNT`.
struct AddColumn {
  static let command = "add-column"

  /// Where the database is.
  let url: String
  /// How many columns a tenant has afterwards.
  let count: Int32

  init(url: String, count: Int32) {
    self.url = url
    self.count = count
  }

  /// - Returns: nil when the arguments say something else.
  init?(_ arguments: [String]) {
    guard arguments.count == 3, arguments[0] == Self.command, let count = Int32(arguments[2]) else {
      return nil
    }
    self.init(url: arguments[1], count: count)
  }

  var arguments: [String] { [Self.command, url, "\(count)"] }

  /// The version that each tenant's schema has afterwards.
  var version: Int32 { Int32(Migration.forTenants.count) + count }

  func run() async throws {
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let pool = try PostgresPool(PostgresConfiguration(connectionString: url), logger: logger)
    let steps = (1...count).map { number in
      Migration(
        number: Int32(Migration.forTenants.count) + number, name: "column \(number)",
        sql: "ALTER TABLE {schema}.assets_site ADD COLUMN bench_\(number) text NOT NULL DEFAULT ''")
    }
    try await Migrator(
      pool: pool, timescale: .never, clock: WallClock { TestPoints.now },
      publicMigrations: Migration.forPublic, tenantMigrations: Migration.forTenants + steps
    ).migrate()
    await pool.close()
  }
}
