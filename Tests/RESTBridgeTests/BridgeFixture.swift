// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOPosix
import RESTBridge
import RPCRuntime
import ServiceLifecycle
import Testing

/// A bridge that runs on a free port in front of services in memory.
struct BridgeFixture: Sendable {
  let service: MemoryTelemetryService
  let accounts: MemoryAccounts
  let port: Int
  private let group: ServiceGroup

  /// Starts graceful shutdown, as SIGTERM does.
  func stop() async { await group.triggerGracefulShutdown() }

  /// What the hosts of the tests stand for.
  static func kind(ofHost host: String) -> HostKind {
    switch host {
    case "umc.localhost", "acme.localhost", "umc.example.com": .tenant
    case "closed.localhost": .suspended
    case "slow.localhost": .unavailable
    default: .unknown
    }
  }

  /// Runs `body` against a bridge and stops that afterwards.
  static func run(
    service: MemoryTelemetryService = MemoryTelemetryService(),
    accounts: MemoryAccounts = MemoryAccounts(),
    configuration: RESTBridgeConfiguration = RESTBridgeConfiguration(),
    health: HealthReport = HealthReport(database: true, mqtt: true),
    _ body: @Sendable @escaping (BridgeFixture) async throws -> Void
  ) async throws {
    var configuration = configuration
    configuration.port = 0
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let (ports, listening) = AsyncStream<Int>.makeStream()
    let bridge = RESTBridge(
      channel: InProcessChannel(router: RPCRouter([service] + accounts.services)),
      configuration: configuration, hosts: { Self.kind(ofHost: $0) },
      access: { _ in .member(role: "viewer") },
      health: { health }, group: MultiThreadedEventLoopGroup.singleton, logger: logger,
      onListening: { listening.yield($0) })
    let group = ServiceGroup(configuration: .init(services: [bridge], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { listening.finish() }
        try await group.run()
      }
      var iterator = ports.makeAsyncIterator()
      let port = try #require(await iterator.next(), "the bridge did not start")
      let outcome: Result<Void, any Error>
      do {
        outcome = .success(
          try await body(
            BridgeFixture(service: service, accounts: accounts, port: port, group: group)))
      } catch {
        outcome = .failure(error)
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      try outcome.get()
    }
  }

  /// Calls with curl.
  func curl(_ arguments: String..., path: String, host: String = "umc.localhost") async throws
    -> Curl.Answer
  {
    try await Curl.run(
      arguments + ["-H", "Host: \(host)", "http://127.0.0.1:\(port)\(path)"])
  }

  /// Calls with curl.
  /// - Parameters:
  ///   - json: the body; nil: none.
  ///   - headers: `Name: value`.
  func send(
    _ method: String, _ path: String, json: String? = nil, headers: [String] = [],
    host: String = "umc.localhost"
  ) async throws -> Curl.Answer {
    var arguments = ["-X", method, "-H", "Host: \(host)"]
    for header in headers { arguments += ["-H", header] }
    if let json {
      arguments += ["-H", "Content-Type: application/json", "--data-binary", json]
    }
    return try await Curl.run(arguments + ["http://127.0.0.1:\(port)\(path)"])
  }

  /// Posts a JSON body with curl.
  func post(
    _ json: String, key: String? = MemoryTelemetryService.apiKey, path: String = "/ingest/",
    host: String = "umc.localhost"
  ) async throws -> Curl.Answer {
    var arguments = [
      "-X", "POST", "-H", "Content-Type: application/json", "-H", "Host: \(host)",
      "--data-binary", json,
    ]
    if let key { arguments += ["-H", "X-Api-Key: \(key)"] }
    return try await Curl.run(arguments + ["http://127.0.0.1:\(port)\(path)"])
  }
}
