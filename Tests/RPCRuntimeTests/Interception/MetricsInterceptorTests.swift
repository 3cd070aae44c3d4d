// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Prometheus
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Call metrics", .timeLimit(.minutes(5)))
struct MetricsInterceptorTests {
  private static func frame(_ text: String) -> MessageFrame {
    MessageFrame { $0.writeString(text) }
  }

  @Test("calls are counted under the standard names, with outcome and messages")
  func names() async throws {
    let registry = PrometheusRegistry()
    let metrics = MetricsInterceptor(factory: registry)
    try await Loopback.run(interceptors: [metrics], observer: metrics) { loopback in
      for _ in 0..<3 { _ = try await loopback.say("x") }
      _ = try? await loopback.client.unary(
        EchoService.fail, Self.frame("5"), options: CallOptions())
      let flood = try await loopback.client.serverStreaming(
        EchoService.flood, Self.frame("20"), options: CallOptions())
      for try await _ in flood {}
      let unknown = MethodDescriptor(service: "no.Such", method: "Thing", kind: .unary)
      _ = try? await loopback.client.unary(unknown, Self.frame(""), options: CallOptions())
      try await eventually("all calls are counted") {
        registry.text.contains("grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Flood\"")
      }
    }
    let lines = Set(registry.text.split(separator: "\n").map(String.init))
    func labels(_ method: String, _ type: String) -> String {
      "grpc_method=\"\(method)\",grpc_service=\"echo.Echo\",grpc_type=\"\(type)\""
    }
    let say = labels("Say", "unary")
    let fail = labels("Fail", "unary")
    let flood = labels("Flood", "server_stream")
    let nobody = "grpc_method=\"unknown\",grpc_service=\"unknown\",grpc_type=\"unknown\""
    for line in [
      "grpc_server_started_total{\(say)} 3",
      "grpc_server_handled_total{grpc_code=\"OK\",\(say)} 3",
      "grpc_server_handled_total{grpc_code=\"NotFound\",\(fail)} 1",
      "grpc_server_handled_total{grpc_code=\"OK\",\(fail)} 0",
      "grpc_server_msg_received_total{\(say)} 3", "grpc_server_msg_sent_total{\(say)} 3",
      "grpc_server_msg_received_total{\(flood)} 1", "grpc_server_msg_sent_total{\(flood)} 20",
      "grpc_server_msg_sent_total{\(fail)} 0",
      "grpc_server_handling_seconds_count{\(say)} 3",
      "grpc_server_handled_total{grpc_code=\"Unimplemented\",\(nobody)} 1",
      "grpc_server_started_total{\(labels("Chat", "bidi_stream"))} 0",
      "grpc_server_started_total{\(labels("Join", "client_stream"))} 0",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
  }

  @Test("the server knows how many connections and calls are open")
  func gauges() async throws {
    try await Loopback.run { loopback in
      try await eventually("the connection is open") {
        loopback.server.statistics == .init(connections: 1, streams: 0)
      }
      let calls = (0..<3).map { _ in
        Task {
          try await loopback.client.unary(
            EchoService.hang, Self.frame(""), options: CallOptions())
        }
      }
      try await eventually("three calls are open") { loopback.server.statistics.streams == 3 }
      calls[0].cancel()
      try await eventually("two calls are open") { loopback.server.statistics.streams == 2 }
      await loopback.client.close()
      try await eventually("nothing is open") {
        loopback.server.statistics == .init(connections: 0, streams: 0)
      }
      for call in calls { _ = await call.result }
    }
  }
}
