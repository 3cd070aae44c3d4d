// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A building's readings on a terminal: an example of a client of TrakSense.
@main
struct BuildingMonitor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "building-monitor",
    abstract: "Show what a building's devices measure.",
    discussion: """
      The API key comes from the environment's TRAKSENSE_API_KEY. TRAKSENSE_URL and TRAKSENSE_TENANT may \
      stand there, too.
      """,
    subcommands: [Devices.self, Latest.self, Yesterday.self, Send.self, Follow.self])
}
