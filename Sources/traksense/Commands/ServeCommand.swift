// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve gRPC and REST, and take in readings from the MQTT broker.")

  @OptionGroup var configuration: ConfigurationReader

  func run() async throws {
    let configuration = try configuration.read()
    var logger = Logger(label: "traksense")
    logger.logLevel = configuration.logLevel
    let composition = try Composition(configuration, logger: logger)
    try await composition.run()
  }
}
