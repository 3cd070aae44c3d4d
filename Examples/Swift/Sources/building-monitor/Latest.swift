// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import TrakSenseAPI

/// `latest`: how it is now.
struct Latest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the newest reading of each sensor of a device.")

  @OptionGroup var connection: Connection

  @Argument(help: "The device, by the name that it publishes under.")
  var device: String

  func run() async throws {
    try await connection.run { channel in
      let telemetry = TraksenseV1.TelemetryServiceClient(channel: channel)
      let latest = try await telemetry.latest(.init(deviceID: device))
      if latest.readings.isEmpty { Output.say("\(device) has not measured anything yet") }
      for reading in latest.readings {
        Output.say(
          Output.column(reading.sensorID, 14) + Output.column(reading.sensorType, 20)
            + "\(Output.number(reading.value)) \(reading.unit)  "
            + (reading.timestamp?.rfc3339 ?? ""))
      }
    }
  }
}
