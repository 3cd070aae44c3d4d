// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import Persistence

/// The database as commands see it.
struct Database {
  let pool: PostgresPool
  let migrator: Migrator
  /// Users, sessions, teams, keys, tenants.
  let people: PostgresAccounts

  init(_ configuration: Configuration) throws {
    var logger = Logger(label: "traksense.postgres")
    logger.logLevel = configuration.logLevel
    var limits = PoolLimits()
    limits.connections = configuration.databaseConnections
    pool = try PostgresPool(
      PostgresConfiguration(connectionString: configuration.databaseURL.value), limits: limits,
      logger: logger)
    migrator = Migrator(
      pool: pool, timescale: configuration.usesTimescale ? .automatic : .never, clock: .system)
    people = PostgresAccounts(migrator: migrator, clock: .system)
  }

  /// Runs `body` and closes the pool afterwards, whatever happens.
  static func with(
    _ reader: ConfigurationReader, _ body: (Database) async throws -> Void
  ) async throws {
    let database = try Database(reader.read())
    do {
      try await body(database)
    } catch {
      await database.pool.close()
      throw error
    }
    await database.pool.close()
  }

  /// - Throws: ``AccountError/notFound``.
  func tenant(_ slug: TenantSlug) async throws -> Tenant {
    guard let record = try await people.tenants.record(of: slug) else {
      throw AccountError.notFound
    }
    return record.tenant
  }

  func seedSampleHospital() async throws -> Tenant {
    try await migrator.migrate()
    return try await SampleHospital(provisioner: TenantProvisioner(migrator: migrator)).seed()
  }
}
