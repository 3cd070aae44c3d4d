// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Persistence

struct SeedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seed",
    abstract: "Create the sample tenant 'umc': a hospital with sites, assets, devices, sensors.")

  @OptionGroup var configuration: ConfigurationReader

  func run() async throws {
    let database = try Database(configuration.read())
    let tenant = try await database.seedSampleHospital()
    await database.pool.close()
    print("tenant '\(tenant.slug)' (\(tenant.name)) is there, on host \(SampleHospital.domain)")
  }
}
