// SPDX-License-Identifier: Apache-2.0
import DevStack
import TestSupport
import Testing

extension EndToEnd {
  @Suite("What operators see", .timeLimit(.minutes(15)))
  struct AdminTests {
    private static func curl(_ stack: TestStack, _ path: String) async throws -> String {
      let run = try Run(
        Tool.named("curl").path,
        [
          "--silent", "--show-error", "--max-time", "120", "--write-out", "%{http_code}",
          "http://127.0.0.1:\(stack.server.adminPort)\(path)",
        ], log: stack.freshLog("admin"))
      return try await run.succeed()
    }

    @Test("calls, points and connections are counted, and readiness follows the database")
    func counted() async throws {
      try await TestStack.with { stack in
        try await stack.publish(Sample(ago: 20))
        try await stack.waitForReadings(1)
        #expect(try await stack.get("/ingest/latest/ESP32-01/").status == 200)
        let latest =
          "grpc_method=\"Latest\",grpc_service=\"traksense.v1.TelemetryService\",grpc_type=\"unary\""
        let expected = [
          "grpc_server_started_total{\(latest)} 1",
          "grpc_server_handled_total{grpc_code=\"OK\",\(latest)} 1",
          "grpc_server_handling_seconds_count{\(latest)} 1",
          "traksense_mqtt_points_total{outcome=\"stored\"} 1", "traksense_mqtt_connected 1",
          "grpc_server_connections 0", "grpc_server_streams 0",
        ]
        // Things are counted when they are done: a moment after others can see them.
        var metrics = ""
        _ = try await eventually {
          metrics = try await Self.curl(stack, "/metrics")
          return expected.allSatisfy { metrics.contains("\n\($0)\n") }
        }
        #expect(metrics.hasSuffix("200"))
        for line in expected { #expect(metrics.contains("\n\(line)\n"), "\(line)") }
        #expect(try await Self.curl(stack, "/readyz") == "database ok\n200")
        await stack.postgres.stop(.immediate)
        let isNotReady = try await eventually {
          try await Self.curl(stack, "/readyz") == "database failed\n503"
        }
        #expect(isNotReady)
        #expect(try await Self.curl(stack, "/healthz") == "ok\n200")
        try await stack.postgres.start()
        let isReady = try await eventually {
          try await Self.curl(stack, "/readyz") == "database ok\n200"
        }
        #expect(isReady)
      }
    }

    @Test("a tenant at its limit is told so, and another is served")
    func limits() async throws {
      try await TestStack.with(environment: ["TRAKSENSE_TENANT_CALLS_PER_SECOND": "2"]) { stack in
        try await stack.createRivalTenant()
        try await stack.createKey(of: "acme")
        // At once: one after the other they could be too slow for the limit.
        let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
          for _ in 0..<20 { group.addTask { try await stack.get("/ingest/latest/ESP32-01/") } }
          var answers: [HTTPAnswer] = []
          for try await answer in group { answers.append(answer) }
          return answers
        }
        let refused = try #require(answers.first { $0.status == 429 })
        #expect(refused.headers["retry-after"] == "1")
        let other = try await stack.get("/ingest/latest/ESP32-01/", host: TestStack.rivalHost)
        #expect(other.status == 200)
      }
    }
  }
}
