// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct TrakSense: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "traksense",
    abstract: "Multi-tenant backend for HVAC and IoT monitoring.",
    subcommands: [
      DevCommand.self, ServeCommand.self, MigrateCommand.self, SeedCommand.self,
      SimulateCommand.self, WatchCommand.self, CallCommand.self,
      CreateSuperuserCommand.self, TenantCommand.self, APIKeyCommand.self,
      CheckConfigCommand.self,
    ])
}
