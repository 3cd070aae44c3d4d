// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Ingest
import Logging
import Services

/// Settings common to all commands. Precedence: `--set` > environment > `--config` file > default.
struct ConfigurationReader: ParsableArguments {
  @Option(name: .customLong("config"), help: "File of NAME=value lines; # begins a comment.")
  var file: String?

  @Option(name: .customLong("set"), help: "A setting, NAME=value; wins over everything else.")
  var overrides: [String] = []

  /// - Throws: one error that lists all that is wrong.
  func read(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Configuration {
    var problems: [String] = []
    let values = values(environment, &problems)
    func require<Value>(_ setting: Setting, _ expected: String, _ parse: (String) -> Value?)
      -> Value?
    {
      guard let text = values[setting] else {
        problems.append("\(setting.rawValue) is missing: \(setting.help)")
        return nil
      }
      guard let value = parse(text) else {
        problems.append("\(setting.rawValue) is not \(expected)")
        return nil
      }
      return value
    }
    let database = require(.databaseURL, "postgresql://user@host:port/database", Self.database)
    let connections = require(.databaseConnections, "a number from 1 to 100") {
      Int($0).flatMap { (1...100).contains($0) ? $0 : nil }
    }
    let timescale = require(.timescale, "auto or never") {
      $0 == "auto" ? true : $0 == "never" ? false : nil
    }
    let mqtt = require(.mqttURL, "an MQTT URL") { MQTTEndpoint(url: $0) }
    let clientID = require(.mqttClientID, "a client identifier of 1–65535 bytes") {
      (1...65_535).contains($0.utf8.count) ? $0 : nil
    }
    let rpc = require(.rpcListen, "host:port", ListenAddress.init)
    let rpcServing = RPCServing(values, &problems)
    let accounts = AccountServing(values, &problems)
    let web = WebServing(values, &problems)
    let mail = MailServing(values, &problems)
    let media = MediaServing(values, &problems)
    let http = require(.httpListen, "host:port", ListenAddress.init)
    let admin = require(.adminListen, "host:port", ListenAddress.init)
    let rate = require(.tenantRate, "a number from 0 to 1000000", Self.limit)
    let calls = require(.tenantCalls, "a number from 0 to 1000000", Self.limit)
    let streams = require(.tenantStreams, "a number from 0 to 1000000", Self.limit)
    let charts = require(.chartDirectory, "a folder") { $0 }
    let level = require(.logLevel, "a log level", Logger.Level.init(rawValue:))
    guard problems.isEmpty, let database, let connections, let timescale, let mqtt, let clientID,
      let rpc, let http, let admin, let rate, let calls, let streams, let charts, let level
    else {
      throw ValidationError(
        (["configuration:"] + problems.map { "  \($0)" }).joined(separator: "\n"))
    }
    var tenantLimits = TenantLimits()
    tenantLimits.callsPerSecond = rate > 0 ? rate : nil
    tenantLimits.concurrentCalls = calls > 0 ? calls : nil
    tenantLimits.concurrentStreams = streams > 0 ? streams : nil
    return Configuration(
      databaseURL: database, databaseConnections: connections, usesTimescale: timescale, mqtt: mqtt,
      mqttClientID: clientID, mqttGroup: values[.mqttGroup], rpc: rpc, rpcServing: rpcServing,
      http: http, admin: admin, accounts: accounts, web: web, mail: mail, media: media,
      tenantLimits: tenantLimits, ingestKey: values[.ingestKey].map { Secret(value: $0) },
      corsOrigins: values.list(.corsOrigins),
      chartDirectory: charts, logLevel: level)
  }

  private static func limit(_ text: String) -> Int? {
    Int(text).flatMap { (0...1_000_000).contains($0) ? $0 : nil }
  }

  /// libpq takes any other text for the name of a local database.
  private static func database(_ text: String) -> Secret? {
    let isURL = text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
    return isURL || text.contains("=") ? Secret(value: text) : nil
  }

  private func values(
    _ environment: [String: String], _ problems: inout [String]
  ) -> [Setting: String] {
    var values: [Setting: String] = [:]
    for setting in Setting.allCases { values[setting] = setting.defaultValue }
    values.merge(fileValues(&problems)) { $1 }
    for setting in Setting.allCases {
      let names = [Setting.prefix + setting.rawValue, setting.rawValue, setting.alias]
      if let text = names.lazy.compactMap({ $0.flatMap { environment[$0] } }).first {
        values[setting] = text
      }
    }
    values.merge(parse(overrides, "--set", &problems)) { $1 }
    return values
  }

  private func fileValues(_ problems: inout [String]) -> [Setting: String] {
    guard let file else { return [:] }
    do {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") }
      return parse(lines, file, &problems)
    } catch {
      problems.append("\(file) cannot be read: \(error.localizedDescription)")
      return [:]
    }
  }

  private func parse(
    _ lines: [String], _ source: String, _ problems: inout [String]
  ) -> [Setting: String] {
    var values: [Setting: String] = [:]
    for line in lines {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      var name = parts[0].trimmingCharacters(in: .whitespaces)
      if name.hasPrefix(Setting.prefix) { name.removeFirst(Setting.prefix.count) }
      guard parts.count == 2, let setting = Setting(name: name) else {
        problems.append("\(source): '\(name)' is no setting of the form NAME=value")
        continue
      }
      values[setting] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    return values
  }
}
