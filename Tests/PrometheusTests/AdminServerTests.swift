// SPDX-License-Identifier: Apache-2.0

import AdminServer
import Foundation
import Logging
import Metrics
import NIOPosix
import Prometheus
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@Suite("The admin port", .timeLimit(.minutes(5)))
struct AdminServerTests {
  private static func run(
    _ registry: PrometheusRegistry = PrometheusRegistry(),
    checks: @escaping @Sendable () async -> [AdminServer.Check] = { [] },
    _ body: (String) async throws -> Void
  ) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let (ports, listening) = AsyncStream<Int>.makeStream()
    let server = AdminServer(
      host: "127.0.0.1", port: 0, metricsType: PrometheusRegistry.contentType,
      metrics: { registry.text }, checks: checks, group: MultiThreadedEventLoopGroup.singleton,
      logger: logger, onListening: { listening.yield($0) })
    let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
    let running = Task { try await group.run() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    do {
      try await body("http://127.0.0.1:\(port)")
    } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await running.value
  }

  private static func curl(_ arguments: String...) async throws -> String {
    try await curl(arguments)
  }

  private static func curl(_ arguments: [String]) async throws -> String {
    try await Tool.named("curl").text(["-sS", "--max-time", "60"] + arguments)
  }

  @Test("curl gets the metrics, with the type of the format's version")
  func metrics() async throws {
    let registry = PrometheusRegistry()
    Counter(label: "calls_total", factory: registry).increment()
    try await Self.run(registry) { url in
      let answer = try await Self.curl("-i", url + "/metrics")
      #expect(answer.hasPrefix("HTTP/1.1 200"))
      #expect(
        answer.lowercased().contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
      #expect(answer.hasSuffix("# TYPE calls_total counter\ncalls_total 1\n"))
      #expect(try await Self.curl(url + "/metrics").hasSuffix("calls_total 1\n"))
    }
  }

  @Test("readiness follows the checks; liveness does not")
  func health() async throws {
    let isUp = Atomic(true)
    let checks: @Sendable () async -> [AdminServer.Check] = {
      [
        AdminServer.Check("database", passes: isUp.load(ordering: .relaxed)),
        AdminServer.Check("broker", passes: true),
      ]
    }
    try await Self.run(checks: checks) { url in
      #expect(try await Self.curl("-w", "%{http_code}", url + "/healthz") == "ok\n200")
      let ready = try await Self.curl("-w", "%{http_code}", url + "/readyz")
      #expect(ready == "database ok\nbroker ok\n200")
      isUp.store(false, ordering: .relaxed)
      let notReady = try await Self.curl("-w", "%{http_code}", url + "/readyz")
      #expect(notReady == "database failed\nbroker ok\n503")
      #expect(try await Self.curl("-w", "%{http_code}", url + "/healthz") == "ok\n200")
    }
  }

  @Test("nothing else is there")
  func others() async throws {
    try await Self.run { url in
      let quiet = ["-o", "/dev/null", "-w", "%{http_code}"]
      let missing = try await Self.curl(quiet + [url + "/"])
      #expect(missing == "404")
      let posted = try await Self.curl(quiet + ["-X", "POST", url + "/metrics"])
      #expect(posted == "405")
    }
  }
}
