// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevStack
import Domain
import Foundation
import Ingest
import Logging
import Mail
import Persistence
import ServiceLifecycle
import Services

struct DevCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev",
    abstract:
      "Run everything privately: PostgreSQL, broker, sample tenant, simulated devices, server.")

  @Option(help: "Folder of the private databases; kept between runs.")
  var directory = ".traksense"

  @Option(help: "Seconds between two readings of one simulated sensor; 0: no simulation.")
  var interval = 1.0

  @Option(help: "host:port of the REST bridge and the page.")
  var http = "127.0.0.1:8000"

  @Option(help: "host:port of the gRPC server.")
  var rpc = "127.0.0.1:50051"

  @Option(help: "host:port of /metrics, /healthz and /readyz.")
  var admin = "127.0.0.1:9464"

  @Option(help: "Port of the broker.")
  var mqttPort: UInt16 = 1883

  @Option(help: "API key for ingest over RPC and REST.")
  var ingestKey = "dev-ingest-key"

  func validate() throws {
    guard interval == 0 || (0.001...86_400).contains(interval) else {
      throw ValidationError("--interval must be 0 or lie between 0.001 and 86400")
    }
  }

  func run() async throws {
    guard let http = ListenAddress(http), let rpc = ListenAddress(rpc),
      let admin = ListenAddress(admin)
    else { throw ValidationError("--http, --rpc and --admin must be host:port") }
    var logger = Logger(label: "traksense")
    logger.logLevel = .notice
    let directory = try StackDirectory.prepare(directory)
    let taken = Set([http.port, rpc.port, admin.port].map { UInt16(clamping: $0) } + [mqttPort])
    var postgresOptions = PrivatePostgres.Options()
    postgresOptions.port = try FreePort.find(besides: taken)
    let postgres = try PrivatePostgres(
      directory: "\(directory)/postgres", options: postgresOptions)
    var brokerOptions = PrivateMosquitto.Options()
    // A broker that runs already keeps its port; ours takes another.
    brokerOptions.port =
      FreePort.isFree(mqttPort) ? mqttPort : try FreePort.find(besides: taken)
    let broker = try PrivateMosquitto(directory: "\(directory)/mosquitto", options: brokerOptions)
    print("starting PostgreSQL and mosquitto in \(directory)/ …")
    try await postgres.start()
    try await broker.start()
    do {
      try await serve(postgres, broker, directory, http, rpc, admin, logger)
    } catch {
      await broker.stop()
      await postgres.stop()
      throw error
    }
    await broker.stop()
    await postgres.stop()
  }

  private func serve(
    _ postgres: PrivatePostgres, _ broker: PrivateMosquitto, _ directory: String,
    _ http: ListenAddress, _ rpc: ListenAddress, _ admin: ListenAddress, _ logger: Logger
  ) async throws {
    guard let endpoint = MQTTEndpoint(url: broker.url) else {
      throw ValidationError("broker URL \(broker.url) is malformed")
    }
    guard let sender = Mailbox("TrakSense <traksense@localhost>") else {
      throw ValidationError("the sender of mails is malformed")
    }
    let configuration = Configuration(
      databaseURL: Secret(value: postgres.connectionString), databaseConnections: 6,
      usesTimescale: true, mqtt: endpoint, mqttClientID: "traksense-ingest", mqttGroup: nil,
      rpc: rpc, http: http, admin: admin,
      accounts: AccountServing(
        signing: try .init(try DevSecret.key(in: directory).value),
        publicHosts: ["api", "localhost"],
        tenantBaseDomain: "localhost", allowsRegistration: true,
        frontendURL: "http://{tenant}.localhost:\(http.port)", serviceRoles: [:]),
      web: WebServing(
        cookieSecure: false, redirectsToHTTPS: false, hstsSeconds: 0, trustedProxies: []),
      mail: .directory("\(directory)/mail", sender: sender),
      media: .directory("\(directory)/media"),
      tenantLimits: TenantLimits(),
      ingestKey: Secret(value: ingestKey), corsOrigins: [],
      chartDirectory: Setting.chartDirectory.defaultValue ?? "", logLevel: .notice)
    let database = try Database(configuration)
    let tenant = try await database.seedSampleHospital()
    try await SampleUsers.seed(in: tenant, database)
    let sensors = try await PostgresSensorCatalogue(pool: database.pool).sensors(
      matching: SensorFilter(), of: tenant)
    let apiKey = try await DevSecret.apiKey(in: directory, of: tenant, database)
    await database.pool.close()
    var companions: [any Service] = [
      Announcement(
        http: http, text: announcement(http, rpc, admin, broker, postgres, directory, apiKey))
    ]
    if interval > 0 {
      let simulator = try DeviceSimulator(
        tenant: tenant.slug, sensors: sensors, interval: .seconds(interval), broker: endpoint,
        clock: .system, logger: logger)
      companions.append(BackgroundService { await simulator.run() })
    }
    try await Composition(configuration, logger: logger).run(with: companions)
  }

  private func announcement(
    _ http: ListenAddress, _ rpc: ListenAddress, _ admin: ListenAddress,
    _ broker: PrivateMosquitto, _ postgres: PrivatePostgres, _ directory: String, _ apiKey: String
  ) -> String {
    """

    TrakSense is running; Ctrl-C stops everything.
      live page   http://\(SampleHospital.domain):\(http.port)/
      sign in     owner, admin, operator, technician or viewer; password \(SampleUsers.password.value)
      API key     \(apiKey)   (reads)
      REST        curl -H 'X-Api-Key: \(apiKey)' http://\(SampleHospital.domain):\(http.port)/ingest/latest/ESP32-01/
      gRPC        \(rpc)   (metadata x-tenant: umc, x-api-key: the key)
      terminal    TRAKSENSE_API_KEY=\(apiKey) \(CommandLine.arguments[0]) watch --server \(rpc)
      mails       \(directory)/mail/
      MQTT        \(broker.url)   tenants/umc/devices/ESP32-01/sensors/temp_001
      metrics     curl http://\(admin)/metrics
      ingest key  X-Api-Key: \(ingestKey)
      PostgreSQL  \(postgres.connectionString)\(postgres.hasTimescaleDB ? " (TimescaleDB)" : "")

    """
  }
}

/// Prints where to look as soon as somebody would find something there.
private struct Announcement: NamedService {
  let http: ListenAddress
  let text: String

  func run() async throws {
    await cancelWhenGracefulShutdown {
      do {
        while !FreePort.isListening(UInt16(clamping: http.port)) {
          try await Task.sleep(for: .milliseconds(50))
        }
        print(text)
        // Where output goes to a file or a pipe, it is wanted now as well.
        fflush(nil)
        try await Task.sleep(for: .seconds(Int64(Int32.max)))
      } catch {
        // Stopped; there is nothing to announce any more.
      }
    }
  }
}
