// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TrakSenseAPI

/// `send`: a reading of one's own.
struct Send: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send a reading and print what became of it.")

  @OptionGroup var connection: Connection

  @Argument(help: "The device, by the name that it publishes under.")
  var device: String

  @Argument(help: "The sensor's tag.")
  var sensor: String

  @Argument(help: "What was measured.")
  var value: Double

  @Argument(help: "The sensor's unit.")
  var unit: String

  @Option(help: "When it was measured: 2025-01-01T12:00:00Z; else now.")
  var at: String?

  func run() async throws {
    let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
    guard let time = at.map(ProtoTimestamp.init(rfc3339:)) ?? ProtoTimestamp(microseconds: now)
    else { throw ValidationError("--at is not a time such as 2025-01-01T12:00:00Z") }
    try await connection.run { channel in
      let telemetry = TraksenseV1.TelemetryServiceClient(channel: channel)
      // A batch of one. When every reading is refused, the call itself fails and names the field.
      let response = try await telemetry.ingest(
        .init(readings: [
          .init(deviceID: device, sensorID: sensor, value: value, unit: unit, timestamp: time)
        ]))
      // OK: committed. There is a verdict for each reading, in the order they were sent.
      for verdict in response.results {
        switch verdict.outcome {
        case .stored: Output.say("stored \(sensor) of \(time.rfc3339)")
        case .duplicate: Output.say("there was a reading of \(sensor) of \(time.rfc3339) already")
        default:
          Output.complain("refused (\(verdict.reason)): \(verdict.field) \(verdict.message)")
          throw ExitCode.failure
        }
      }
    }
  }
}
