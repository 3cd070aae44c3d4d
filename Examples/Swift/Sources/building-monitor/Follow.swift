// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import TrakSenseAPI

/// `follow`: how it goes on.
struct Follow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print readings as they are committed, until Ctrl-C.")

  @OptionGroup var connection: Connection

  @Argument(help: "The devices; none: all.")
  var devices: [String] = []

  @Option(help: "Stop after so many readings.")
  var count: Int?

  func run() async throws {
    try await connection.run { channel in
      var left = count ?? .max
      var follower = LiveFollower(
        TraksenseV1.TelemetryServiceClient(channel: channel), devices: devices,
        take: { point in
          Output.say(
            "\(Output.time(point.time))  \(point.device)  \(point.sensor)  "
              + "\(Output.number(point.value)) \(point.unit)")
          left -= 1
          return left > 0
        },
        note: { Output.complain("— \($0)") })
      try await follower.run()
    }
  }
}
