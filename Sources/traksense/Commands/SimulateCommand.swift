// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Ingest
import Logging
import Persistence

struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Publish plausible readings over MQTT for every sensor of a tenant.")

  @OptionGroup var configuration: ConfigurationReader

  @Option(help: "Slug of the tenant.")
  var tenant = "umc"

  @Option(help: "Seconds between two readings of one sensor; at least 0.001.")
  var interval = 1.0

  func validate() throws {
    guard interval >= 0.001, interval <= 86_400 else {
      throw ValidationError("--interval must lie between 0.001 and 86400")
    }
  }

  func run() async throws {
    let configuration = try configuration.read()
    guard let slug = TenantSlug(tenant) else { throw ValidationError("'\(tenant)' is no slug") }
    let database = try Database(configuration)
    let directory = PostgresTenantDirectory(pool: database.pool, clock: .system)
    guard let tenant = try await directory.tenant(slug: slug) else {
      throw ValidationError("there is no tenant '\(slug)'; `traksense seed` makes 'umc'")
    }
    let sensors = try await PostgresSensorCatalogue(pool: database.pool).sensors(
      matching: SensorFilter(), of: tenant)
    await database.pool.close()
    guard !sensors.isEmpty else { throw ValidationError("tenant '\(slug)' has no sensors") }
    var logger = Logger(label: "traksense.simulate")
    logger.logLevel = configuration.logLevel
    let simulator = try DeviceSimulator(
      tenant: slug, sensors: sensors, interval: .seconds(interval), broker: configuration.mqtt,
      clock: .system, logger: logger)
    print("simulating \(sensors.count) sensors of '\(slug)' on \(configuration.mqtt); Ctrl-C stops")
    await simulator.run()
  }
}
