// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOCore
import RPCRuntime
import Services

struct CheckConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Check the configuration and print what is in force, without secrets.")

  @OptionGroup var configuration: ConfigurationReader

  func run() async throws {
    let values = try configuration.read()
    let lines: [(Setting, String)] =
      [
        (.databaseURL, "\(values.databaseURL)"),
        (.databaseConnections, "\(values.databaseConnections)"),
        (.timescale, values.usesTimescale ? "auto" : "never"),
        (.mqttURL, "\(values.mqtt)"),
        (.mqttClientID, values.mqttClientID),
        (.mqttGroup, values.mqttGroup ?? "(none)"),
        (.rpcListen, "\(values.rpc)"),
      ] + rpcLines(values.rpcServing) + [
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

  private func rpcLines(_ serving: RPCServing) -> [(Setting, String)] {
    let (authentication, authorities): (String, String?) =
      switch serving.tls?.files.clientAuthentication ?? .none {
      case .none: ("none", nil)
      case .optional(let file): ("optional", file)
      case .required(let file): ("required", file)
      }
    func seconds(_ time: TimeAmount?) -> String {
      time.map { "\($0.nanoseconds / 1_000_000_000)" } ?? "(never)"
    }
    return [
      (.rpcTLSListen, serving.tls.map { "\($0.address)" } ?? "(none)"),
      (.rpcTLSCertificate, serving.tls?.files.certificateChainFile ?? "(none)"),
      (.rpcTLSKey, serving.tls?.files.privateKeyFile ?? "(none)"),
      (.rpcTLSClientAuthentication, authentication),
      (.rpcTLSClientAuthorities, authorities ?? "(none)"),
      (.rpcUnixSocket, serving.unixSocket ?? "(none)"),
      (.rpcUnixPermissions, String(serving.unixPermissions, radix: 8)),
      (.rpcKeepaliveTime, seconds(serving.keepaliveTime)),
      (.rpcMaxConnectionIdle, seconds(serving.maxConnectionIdle)),
      (.rpcMaxConnectionAge, seconds(serving.maxConnectionAge)),
      (.rpcMaxConnectionAgeGrace, seconds(serving.maxConnectionAgeGrace)),
    ]
  }
}
