// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Synchronization
import TestSupport

/// Everything that a reading passes: broker, server and database, the sample hospital inside.
final class TestStack: Sendable {
  static let ingestKey = "integration-key-5b1f"
  static let databasePassword = "never-print-me-77"
  static let secretKey = "integration-secret-6f2d0c9a4b7e1835"
  static let clientID = "traksense-integration"
  static let schema = "uberlandia_medical_center"
  static let host = "umc.localhost"

  let folder: TemporaryDirectory
  let postgres: PrivatePostgres
  let broker: PrivateMosquitto
  let server: ServeProcess
  private let logs = Mutex(0)
  private let keys = Mutex<[String: String]>([:])

  var rpcAddress: String { "127.0.0.1:\(server.rpcPort)" }

  private init(environment: [String: String]) throws {
    folder = try TemporaryDirectory()
    postgres = try PrivatePostgres(directory: "\(folder.path)/postgres")
    broker = try PrivateMosquitto(directory: "\(folder.path)/mosquitto")
    server = try ServeProcess(
      folder: folder.path,
      environment: [
        // The server trusts everybody; a password in the address shows whether it is printed.
        "TRAKSENSE_DB_URL": postgres.connectionString.replacing(
          "traksense@", with: "traksense:\(Self.databasePassword)@"),
        "TRAKSENSE_EMQX_MQTT_URL": broker.url,
        "TRAKSENSE_EMQX_WEBHOOK_SECRET": Self.ingestKey,
        "TRAKSENSE_MQTT_CLIENT_ID": Self.clientID,
        "TRAKSENSE_SECRET_KEY": Self.secretKey,
        "TRAKSENSE_COOKIE_SECURE": "false",
        "TRAKSENSE_EMAIL_DIRECTORY": "\(folder.path)/mail",
        "TRAKSENSE_MEDIA_DIRECTORY": "\(folder.path)/media",
        "TRAKSENSE_LOG_LEVEL": "notice",
      ].merging(environment) { $1 })
  }

  /// Brings all of it up, through the commands that an operator uses.
  /// - Parameter environment: settings of the server beside its own.
  static func start(environment: [String: String] = [:]) async throws -> TestStack {
    let stack = try TestStack(environment: environment)
    do {
      try await stack.broker.start()
      try await stack.postgres.start()
      try await stack.command(["migrate"]).succeed()
      try await stack.command(["seed"]).succeed()
      try await stack.createKey(of: "umc")
      try await stack.startServer()
    } catch {
      await stack.stop()
      throw error
    }
    return stack
  }

  /// A stack of one's own, for tests that break things.
  static func with(
    environment: [String: String] = [:], _ body: (TestStack) async throws -> Void
  ) async throws {
    let stack = try await start(environment: environment)
    do {
      try await body(stack)
    } catch {
      await stack.stop()
      throw error
    }
    await stack.stop()
  }

  /// Starts the server and waits until it says that it is healthy.
  func startServer() async throws {
    try await server.start { try await self.isHealthy() }
  }

  func isHealthy() async throws -> Bool {
    guard FreePort.isListening(server.httpPort), FreePort.isListening(server.rpcPort) else {
      return false
    }
    return try await get("/health/").status == 200
  }

  func stop() async {
    await server.kill()
    await broker.kill()
    await postgres.stop(.immediate)
  }

  // MARK: - Programs

  /// A file that nobody has written yet.
  func freshLog(_ name: String) -> String {
    let number = logs.withLock { count in
      count += 1
      return count
    }
    return "\(folder.path)/\(number)-\(name).log"
  }

  /// `traksense` with the settings of this stack.
  func command(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Run {
    try Run(
      Repository.traksense, arguments,
      environment: server.environment.merging(caller) { $1 }.merging(environment) { $1 },
      log: freshLog(arguments.first ?? "traksense"))
  }

  func python(_ script: String, _ arguments: [String]) async throws -> Run {
    let keys = String(decoding: try JSONEncoder().encode(keys.withLock { $0 }), as: UTF8.self)
    return try await PythonClients.shared.run(
      script, arguments, environment: ["API_KEYS": keys], log: freshLog(script))
  }

  // MARK: - Keys

  /// Makes an API key that reads and sends readings, and shows it in this tenant's calls from now on.
  func createKey(of tenant: String) async throws {
    let key = try await apiKey(of: tenant, ["read", "ingest"])
    keys.withLock { $0[tenant] = key }
  }

  /// Makes an API key.
  func apiKey(of tenant: String, _ scopes: [String]) async throws -> String {
    try await command(
      ["apikey", "create", tenant, "--name", "tests"] + scopes.flatMap { ["--scope", $0] }
    ).succeed().trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The API key of a tenant; of one that has none: the text `none`, which opens nothing.
  func key(of tenant: String) -> String { keys.withLock { $0[tenant] } ?? "none" }

  /// The settings of commands that call the server for tenant `umc`.
  var caller: [String: String] { ["TRAKSENSE_API_KEY": key(of: "umc")] }
}

/// The stack of the tests that break nothing.
actor SharedStack {
  private static let instance = SharedStack()
  private var stack: Task<TestStack, any Error>?

  static func stack() async throws -> TestStack { try await instance.running() }

  private func running() async throws -> TestStack {
    if let stack { return try await stack.value }
    let task = Task {
      let stack = try await TestStack.start()
      try await stack.createRivalTenant()
      try await stack.createKey(of: "acme")
      return stack
    }
    stack = task
    return try await task.value
  }
}
