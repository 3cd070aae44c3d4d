// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
import DevStack
import Domain
import Foundation
import Logging
import Persistence
import RPCRuntime
import Services

/// The release `traksense serve` with a PostgreSQL (fsync on, its own default settings) and a broker of
/// its own.
final class House: Sendable {
  let storage: String
  let postgres: PrivatePostgres
  let broker: PrivateMosquitto
  let pool: PostgresPool
  let accounts: PostgresAccounts
  let rpcPort: UInt16
  let httpPort: UInt16
  /// The sample tenant.
  let tenant: Tenant
  /// Reads the sample tenant.
  let apiKey: APIKeyText
  private let directory: TemporaryDirectory
  private let usesTimescale: Bool
  private let adminPort: UInt16
  private let program: String

  /// Starts database and broker; migrates, seeds, and adds the load's devices and a tenant `raw`.
  init(timescale: Bool) async throws {
    usesTimescale = timescale
    storage = timescale ? "hypertable" : "native partitions"
    directory = try TemporaryDirectory()
    var options = PrivatePostgres.Options()
    options.smallMemory = false
    options.timescaleDB = timescale
    postgres = try PrivatePostgres(directory: "\(directory.path)/postgres", options: options)
    var brokerOptions = PrivateMosquitto.Options()
    brokerOptions.saveInterval = 600
    broker = try PrivateMosquitto(
      directory: "\(directory.path)/mosquitto", options: brokerOptions)
    try await postgres.start()
    try await broker.start()
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    pool = try PostgresPool(
      PostgresConfiguration(connectionString: postgres.connectionString), logger: logger)
    rpcPort = try FreePort.find()
    httpPort = try FreePort.find()
    adminPort = try FreePort.find()
    program = try Self.sibling("traksense")
    let migrator = Migrator(
      pool: pool, timescale: timescale ? .automatic : .never, clock: WallClock { TestPoints.now })
    try await migrator.migrate()
    let provisioner = TenantProvisioner(migrator: migrator)
    tenant = try await SampleHospital(provisioner: provisioner).seed()
    apiKey = try APIKeyText()
    accounts = PostgresAccounts(migrator: migrator, clock: WallClock { TestPoints.now })
    _ = try await accounts.apiKeys.create(
      NewAPIKey(
        name: "bench", prefix: apiKey.prefix, digest: try apiKey.digest(), scopes: [.read],
        expiresAt: nil),
      for: tenant, by: AuditActor(name: "bench", origin: CallOrigin(), at: TestPoints.now))
    guard let slug = TenantSlug("raw") else { throw BenchError("slug") }
    _ = try await provisioner.create(
      NewTenant(slug: slug, name: "Raw inserts", domains: ["raw.localhost"]))
    try await pool.run { connection throws(PostgresError) in
      try connection.run(script: TestPoints.script)
    }
  }

  /// Names the sample tenant and opens it.
  var metadata: Metadata { ["x-tenant": "umc", "x-api-key": apiKey.text] }

  func stop() async {
    await pool.close()
    await broker.stop()
    await postgres.stop(.immediate)
  }

  /// Starts `traksense serve`; returns when a first reading has come through.
  func serve() async throws -> ChildProcess {
    let process = try await launch()
    // It shows that the way in is open, and pays for what is only paid once.
    try await waitForPoints(try await ledger().received + 1) {
      try await self.publish(
        TestPoints.messages(1, pointsEach: 1, from: TestPoints.now.advanced(by: .seconds(-7_200))))
    }
    return process
  }

  /// Starts `traksense serve`; returns when it listens.
  func launch() async throws -> ChildProcess {
    var command = ChildProcess.Command(program, ["serve"])
    command.environment = [
      "DB_URL": postgres.connectionString, "EMQX_MQTT_URL": broker.url,
      "RPC_LISTEN": "127.0.0.1:\(rpcPort)", "HTTP_LISTEN": "127.0.0.1:\(httpPort)",
      "ADMIN_LISTEN": "127.0.0.1:\(adminPort)",
      "TIMESCALE": usesTimescale ? "auto" : "never", "LOG_LEVEL": "warning",
      "SECRET_KEY": "benchmarks-sign-nothing-of-value-with-it",
      "MEDIA_DIRECTORY": "\(directory.path)/media",
    ]
    command.logFile = "\(directory.path)/serve.log"
    command.deathSignal = .terminate
    let process = try ChildProcess(command)
    let port = rpcPort
    let isUp = await eventually(within: .seconds(20), every: .milliseconds(5)) {
      FreePort.isListening(port) || !process.isRunning
    }
    guard isUp, process.isRunning else { throw BenchError("traksense serve did not start") }
    return process
  }

  /// What the server counts: values by name with labels, as Prometheus reads them.
  func metrics() async throws -> [String: Double] {
    let text = try await Program.output(
      of: "/usr/bin/curl", ["--silent", "--fail", "http://127.0.0.1:\(adminPort)/metrics"])
    var metrics: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      metrics[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return metrics
  }

  /// Publishes on a thread of its own.
  func publish(_ packets: PublishPackets) async throws {
    let thread = try DedicatedThread(name: "load")
    defer { thread.shutdown() }
    let port = broker.port
    try await thread.run { () throws(LoadError) in
      try MQTTLoad(port: port, clientID: "load-\(UInt32.random(in: 0...(.max)))").publish(packets)
    }
  }

  /// Points received and stored so far, as the tenant's ledger says, and the newest journal position.
  func ledger() async throws -> (received: Int64, stored: Int64, seq: Int64) {
    let schema = TestPoints.schema
    let rows = try await pool.run { connection throws(PostgresError) in
      try connection.rows(
        Command(
          """
          SELECT coalesce(sum(received), 0)::bigint, coalesce(sum(stored), 0)::bigint,
            (SELECT seq FROM \(schema).telemetry_cursor) FROM \(schema).ingest_ledger
          """)
      ) { (row: borrowing PostgresRow) throws(PostgresError) in
        (received: try row.int8(0), stored: try row.int8(1), seq: try row.int8(2))
      }
    }
    return rows.first ?? (0, 0, 0)
  }

  /// Returns when so many points are committed. `body` runs meanwhile; it may have to be repeated, as a
  /// message that comes before the subscription is lost.
  func waitForPoints(_ received: Int64, while body: @Sendable () async throws -> Void) async throws
  {
    for _ in 0..<20 {
      try await body()
      let isThere = try await eventually(within: .seconds(1)) {
        try await self.ledger().received >= received
      }
      if isThere { return }
    }
    throw BenchError("no reading came through")
  }

  /// A program built beside this one.
  static func sibling(_ name: String) throws -> String {
    let mine = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = URL(fileURLWithPath: mine).deletingLastPathComponent().appendingPathComponent(name)
    guard FileManager.default.isExecutableFile(atPath: path.path) else {
      throw BenchError("\(name) is not built: swift build -c release --product \(name)")
    }
    return path.path
  }
}

/// Why nothing could be measured.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
