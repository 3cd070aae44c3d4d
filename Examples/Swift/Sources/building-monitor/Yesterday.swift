// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TrakSenseAPI

/// `yesterday`: how it was, hour by hour.
struct Yesterday: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print minimum, average and maximum of each hour of yesterday (UTC).")

  @OptionGroup var connection: Connection

  @Argument(help: "The device, by the name that it publishes under.")
  var device: String

  @Option(name: .customLong("sensor"), help: "Only this sensor; may be repeated.")
  var sensors: [String] = []

  func run() async throws {
    let day: Int64 = 86_400
    let today = Int64(Date().timeIntervalSince1970) / day * day
    try await connection.run { channel in
      let telemetry = TraksenseV1.TelemetryServiceClient(channel: channel)
      let history = try await telemetry.history(
        .init(
          deviceID: device, sensorID: sensors, from: ProtoTimestamp(seconds: today - day),
          to: ProtoTimestamp(seconds: today), interval: "1h"))
      // The first message names the series, by the keys that stand for them in the columns of this stream.
      var series: [Int64: TraksenseV1.Series] = [:]
      var hours = 0
      for try await message in history {
        for one in message.series { series[one.seriesKey] = one }
        guard let block = message.block else { continue }
        for row in block.seriesKey.indices {
          guard let one = series[block.seriesKey[row]] else { continue }
          hours += 1
          Output.say(line(block, row, one))
        }
      }
      if hours == 0 { Output.say("\(device) measured nothing yesterday") }
    }
  }

  private func line(
    _ block: TraksenseV1.HistoryBlock, _ row: Int, _ series: TraksenseV1.Series
  ) -> String {
    let hour = Output.time(block.timestampUS[row])
    let (low, average, high) = (block.minimum[row], block.value[row], block.maximum[row])
    return "\(hour)  " + Output.column(series.sensorID, 14)
      + "min \(Output.number(low))  avg \(Output.number(average))  max \(Output.number(high)) "
      + "\(series.unit)  (\(block.count[row]) readings)"
  }
}
