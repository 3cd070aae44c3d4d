// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Services

struct CheckConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Check the configuration and print what is in force, without secrets.")

  @OptionGroup var configuration: ConfigurationReader

  func run() async throws {
    let values = try configuration.read()
    let lines: [(Setting, String)] = [
      (.databaseURL, "\(values.databaseURL)"),
      (.databaseConnections, "\(values.databaseConnections)"),
      (.timescale, values.usesTimescale ? "auto" : "never"),
      (.mqttURL, "\(values.mqtt)"),
      (.mqttClientID, values.mqttClientID),
      (.mqttGroup, values.mqttGroup ?? "(none)"),
      (.rpcListen, "\(values.rpc)"),
      (.httpListen, "\(values.http)"),
      (.adminListen, "\(values.admin)"),
      (.tenantRate, "\(values.tenantLimits.callsPerSecond ?? 0)"),
      (.tenantCalls, "\(values.tenantLimits.concurrentCalls ?? 0)"),
      (.tenantStreams, "\(values.tenantLimits.concurrentStreams ?? 0)"),
      (.ingestKey, values.ingestKey.map { "\($0)" } ?? "(not set)"),
      (.corsOrigins, values.corsOrigins.joined(separator: ",")),
      (.chartDirectory, values.chartDirectory),
      (.logLevel, "\(values.logLevel)"),
    ]
    for (setting, value) in lines {
      print("\(setting.rawValue)=\(value)  # \(setting.help)")
    }
  }
}
