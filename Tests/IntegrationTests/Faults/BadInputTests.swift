// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Nothing of it is stored, and everybody is told why.
  @Suite("Bad input", .timeLimit(.minutes(15)))
  struct BadInputTests {
    /// Things to do to a good reading.
    static func changed(_ change: (inout Sample) -> Void) -> Sample {
      var sample = Sample(ago: 5_000)
      sample.device = "ESP32-02"
      change(&sample)
      return sample
    }

    /// Larger than any limit.
    static func largeFile(_ stack: TestStack) throws -> String {
      let file = stack.freshLog("large")
      let sample = changed { _ in }
      let padding = String(repeating: " ", count: 5_000_000)
      try Data((sample.body.dropLast() + padding + "}").utf8).write(to: URL(filePath: file))
      return file
    }

    // MARK: - REST

    struct Refusal: Sendable {
      let name: String
      let body: String
      let status: Int
      /// What the answer must name.
      let word: String
      var host = TestStack.host
      var headers = ["X-Api-Key: \(TestStack.ingestKey)", "Content-Type: application/json"]
    }

    static let posts: [Refusal] = [
      Refusal(
        name: "unknown tenant", body: changed { $0.tenant = "nobody" }.body, status: 400,
        word: "tenant", host: "api"),
      Refusal(
        name: "unknown tenant on a tenant's host", body: changed { $0.tenant = "nobody" }.body,
        status: 403, word: "tenants"),
      Refusal(
        name: "unknown host", body: changed { _ in }.body, status: 404, word: "host",
        host: "nobody.localhost"),
      Refusal(
        name: "unknown device", body: changed { $0.device = "ESP32-99" }.body, status: 400,
        word: #""device_id""#),
      Refusal(
        name: "unknown sensor", body: changed { $0.sensor = "temp_099" }.body, status: 400,
        word: #""sensor_id""#),
      Refusal(
        name: "unit mismatch", body: changed { $0.unit = "°F" }.body, status: 400, word: #""unit""#),
      Refusal(
        name: "below the minimum", body: changed { $0.value = "-40.001" }.body, status: 400,
        word: #""value""#),
      Refusal(
        name: "above the maximum", body: changed { $0.value = "125.001" }.body, status: 400,
        word: #""value""#),
      Refusal(
        name: "bad timestamp", body: changed { $0.timestamp = "yesterday" }.body, status: 400,
        word: #""timestamp""#),
      Refusal(
        name: "naive timestamp", body: changed { $0.timestamp = "2026-01-01T12:00:00" }.body,
        status: 400, word: #""timestamp""#),
      Refusal(
        name: "future", body: changed { $0.timestamp = "2099-01-01T00:00:00Z" }.body, status: 400,
        word: #""timestamp""#),
      Refusal(
        name: "NaN as text", body: changed { $0.value = #""NaN""# }.body, status: 400,
        word: #""value""#),
      Refusal(name: "bare NaN", body: changed { $0.value = "NaN" }.body, status: 400, word: "JSON"),
      Refusal(
        name: "too large a number", body: changed { $0.value = "1e999" }.body, status: 400,
        word: #""value""#),
      Refusal(
        name: "text for a number", body: changed { $0.value = #""21.5""# }.body, status: 400,
        word: #""value""#),
      Refusal(
        name: "no value", body: changed { $0.value = "null" }.body, status: 400, word: #""value""#),
      Refusal(
        name: "missing fields", body: #"{"device_id":"ESP32-02"}"#, status: 400,
        word: #""timestamp""#),
      Refusal(
        name: "truncated JSON", body: String(changed { _ in }.body.dropLast(12)), status: 400,
        word: "JSON"),
      Refusal(name: "an empty body", body: "", status: 400, word: "JSON"),
      Refusal(name: "no object", body: "[1]", status: 400, word: "readings[0]"),
      Refusal(
        name: "wrong key", body: changed { _ in }.body, status: 401, word: "key",
        headers: ["X-Api-Key: wrong", "Content-Type: application/json"]),
      Refusal(
        name: "no key", body: changed { _ in }.body, status: 401, word: "credentials",
        headers: ["Content-Type: application/json"]),
      Refusal(
        name: "wrong content type", body: changed { _ in }.body, status: 415, word: "media type",
        headers: ["X-Api-Key: \(TestStack.ingestKey)", "Content-Type: text/csv"]),
      Refusal(
        name: "the tenant of another host", body: changed { _ in }.body, status: 403,
        word: "tenants", host: TestStack.rivalHost),
    ]

    @Test("REST answers 4xx and names the field")
    func overREST() async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.tally()
      for post in Self.posts {
        let answer = try await stack.post(post.body, host: post.host, headers: post.headers)
        #expect(answer.status == post.status, "\(post.name): \(answer.body)")
        #expect(answer.body.contains(post.word), "\(post.name): \(answer.body)")
      }
      let large = try await stack.post("", file: Self.largeFile(stack))
      #expect(large.status == 413)
      #expect(try await stack.tally() == before)
      try await expectAlive(stack)
    }

    // MARK: - RPC

    @Test("gRPC answers with a status that names the field")
    func overRPC() async throws {
      let stack = try await SharedStack.stack()
      func bad(_ name: String, _ change: (inout Sample) -> Void) -> RPCCall {
        .ingest([Self.changed(change)], name: name)
      }
      func with(_ name: String, _ change: (inout RPCCall) -> Void) -> RPCCall {
        var call = RPCCall.ingest([Self.changed { _ in }], name: name)
        change(&call)
        return call
      }
      let cases: [(RPCCall, code: String, word: String)] = [
        (with("unknown tenant") { $0.metadata["x-tenant"] = "nobody" }, "NOT_FOUND", "tenant"),
        (bad("unknown device") { $0.device = "ESP32-99" }, "NOT_FOUND", "device"),
        (bad("unknown sensor") { $0.sensor = "temp_099" }, "NOT_FOUND", "sensor"),
        (bad("no device") { $0.device = "" }, "INVALID_ARGUMENT", "device_id"),
        (bad("no sensor") { $0.sensor = "" }, "INVALID_ARGUMENT", "sensor_id"),
        (bad("unit mismatch") { $0.unit = "°F" }, "INVALID_ARGUMENT", "Unit"),
        (bad("below the minimum") { $0.value = "-40.001" }, "INVALID_ARGUMENT", "Value"),
        (bad("above the maximum") { $0.value = "125.001" }, "INVALID_ARGUMENT", "Value"),
        (bad("NaN") { $0.value = #""NaN""# }, "INVALID_ARGUMENT", "value"),
        (bad("infinite") { $0.value = #""Infinity""# }, "INVALID_ARGUMENT", "value"),
        (bad("future") { $0.timestamp = "2099-01-01T00:00:00Z" }, "INVALID_ARGUMENT", "timestamp"),
        (bad("ancient") { $0.timestamp = "1971-01-01T00:00:00Z" }, "INVALID_ARGUMENT", "timestamp"),
        (
          // No timestamp: device_id "ESP32-02", sensor_id "temp_001", value 1, unit "°C".
          with("no timestamp") {
            $0.hex =
              "121f" + "0a08" + "45535033322d3032" + "1208" + "74656d705f303031"
              + "19000000000000f03f" + "2200"
          }, "INVALID_ARGUMENT", "timestamp"
        ),
        (
          // A timestamp of 2^62 seconds, a field of the year 146 thousand million.
          with("bad timestamp") {
            $0.hex =
              "1229" + "0a08" + "45535033322d3032" + "1208" + "74656d705f303031"
              + "19000000000000f03f" + "2a0a" + "08808080808080808040"
          }, "INVALID_ARGUMENT", "timestamp"
        ),
        // A reading that says it is 100 bytes long, and ends after 4.
        (with("truncated") { $0.hex = "12640a024142" }, "INVALID_ARGUMENT", ""),
        (with("no protobuf") { $0.hex = "ffffffffffffffffffff" }, "INVALID_ARGUMENT", ""),
        (with("no readings") { $0.hex = "" }, "INVALID_ARGUMENT", "readings"),
        (
          // A tenant's name of 5,000,000 letters.
          with("5 MB") { $0.hex = "0ac096b102" + String(repeating: "61", count: 5_000_000) },
          "RESOURCE_EXHAUSTED", ""
        ),
        (with("wrong key") { $0.metadata["x-api-key"] = "wrong" }, "UNAUTHENTICATED", "key"),
        (
          with("no key") {
            $0.metadata["x-api-key"] = nil
            $0.isSignedIn = false
          }, "UNAUTHENTICATED", "credentials"
        ),
        (
          with("the tenant of another host") { $0.authority = TestStack.rivalHost },
          "PERMISSION_DENIED", "tenants"
        ),
        (
          .ingest([Self.changed { _ in }], name: "another tenant inside", tenant: "acme"),
          "PERMISSION_DENIED", "tenants"
        ),
        (.latest("ESP32-99", name: "latest of nothing"), "NOT_FOUND", "device"),
        (.latest("", name: "latest of no device"), "INVALID_ARGUMENT", "device_id"),
      ]
      let before = try await stack.tally()
      let answers = try await stack.call(cases.map(\.0))
      try #require(answers.count == cases.count)
      for (answer, expected) in zip(answers, cases) {
        #expect(answer.code == expected.code, "\(answer)")
        #expect(expected.word.isEmpty || answer.details.contains(expected.word), "\(answer)")
      }
      // A frame whose prefix promises more bytes than come before the end of the stream.
      let file = stack.freshLog("frame")
      try Data([0, 0, 0, 0, 100, 0x12, 0x02]).write(to: URL(filePath: file))
      let cut = try Run(
        Tool.named("curl").path,
        [
          "--silent", "--http2-prior-knowledge", "--max-time", "60", "--dump-header", "-",
          "--output", "/dev/null", "-H", "content-type: application/grpc", "-H", "te: trailers",
          "-H", "x-tenant: umc", "-H", "x-api-key: \(TestStack.ingestKey)", "--data-binary",
          "@\(file)",
          "http://\(stack.rpcAddress)/traksense.v1.TelemetryService/Ingest",
        ], log: stack.freshLog("curl"))
      _ = try await cut.end()
      #expect(cut.output.contains("grpc-status: 3") || cut.output.contains("grpc-status: 13"))
      #expect(try await stack.tally() == before)
      try await expectAlive(stack)
    }

    // MARK: - MQTT

    @Test("MQTT messages are acknowledged and end in quarantine with their reason")
    func overMQTT() async throws {
      let stack = try await SharedStack.stack()
      let good = Self.changed { _ in }
      func bad(_ change: (inout Sample) -> Void) -> (topic: String, payload: String) {
        let sample = Self.changed(change)
        return (sample.topic, sample.payload)
      }
      func payload(_ text: String) -> (topic: String, payload: String) { (good.topic, text) }
      let large = "{" + String(repeating: " ", count: 5_000_000) + good.payload.dropFirst()
      let cases: [((topic: String, payload: String), reason: String, field: String)] = [
        (bad { $0.device = "ESP32-99" }, "unknown_device", "device_id"),
        (bad { $0.sensor = "temp_099" }, "unknown_sensor", "sensor_id"),
        (bad { $0.unit = "°F" }, "unit_mismatch", "unit"),
        (bad { $0.value = "-40.001" }, "out_of_range", "value"),
        (bad { $0.value = "125.001" }, "out_of_range", "value"),
        (bad { $0.timestamp = "yesterday" }, "bad_timestamp", "timestamp"),
        (bad { $0.timestamp = "2026-01-01T12:00:00" }, "bad_timestamp", "timestamp"),
        (bad { $0.timestamp = "2099-01-01T00:00:00Z" }, "bad_timestamp", "timestamp"),
        (bad { $0.value = "NaN" }, "not_finite", "value"),
        (bad { $0.value = #""NaN""# }, "not_finite", "value"),
        (bad { $0.value = #""21.5""# }, "malformed_payload", "value"),
        (payload(#"{"value":1,"unit":"°C"}"#), "missing_field", "timestamp"),
        (payload(#"{"unit":"°C","timestamp":"2026-01-01T12:00:00Z"}"#), "missing_field", "value"),
        (payload(String(good.payload.dropLast(9))), "malformed_payload", "payload"),
        (payload("\u{1}\u{2}\u{3}"), "malformed_payload", "payload"),
        (payload(large), "too_large", "payload"),
        (payload(#"{"tenant":"acme","# + good.payload.dropFirst()), "malformed_payload", "tenant"),
      ]
      let before = try await stack.tally()
      for (message, _, _) in cases { try await stack.publish(message.payload, to: message.topic) }
      try await stack.publish(
        Self.changed { $0.tenant = "nobody" }.payload, to: "tenants/nobody/devices/d/sensors/s")
      let arrived = try await eventually(every: .milliseconds(100)) {
        let now = try await stack.tally()
        return now.quarantined >= before.quarantined + cases.count
          && now.unroutable >= before.unroutable + 1
      }
      #expect(arrived)
      let kept = try await stack.query(
        """
        SELECT reason, field, topic FROM \(TestStack.schema).ingest_quarantine
        ORDER BY id OFFSET \(before.quarantined)
        """)
      #expect(kept == cases.map { [$0.reason, $0.field, $0.0.topic] })
      let lost = try await stack.query(
        "SELECT reason, field FROM public.ingest_unroutable ORDER BY id DESC LIMIT 1")
      #expect(lost == [["unknown_tenant", "tenant"]])
      let after = try await stack.tally()
      #expect(after.readings == before.readings && after.cursor == before.cursor)
      after.expectBalanced()
      try await expectAlive(stack)
    }

    @Test("bytes without meaning on both ports change nothing", arguments: [1, 2, 3])
    func garbage(seed: Int) async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.tally()
      for port in [stack.server.httpPort, stack.server.rpcPort] {
        let sent = try await stack.python("garbage.py", ["\(port)", "\(seed)"])
        #expect(try await sent.result(Sent.self).connections == 23)
      }
      #expect(try await stack.tally() == before)
      try await expectAlive(stack)
    }

    private struct Sent: Decodable {
      let connections: Int
    }

    /// The same process goes on taking good readings, in every way.
    private func expectAlive(_ stack: TestStack) async throws {
      #expect(await stack.server.isRunning)
      #expect(try await stack.isHealthy())
      let before = try await stack.tally()
      let samples = [1, 2, 3].map { Sample(ago: $0 * 100) }
      #expect(try await stack.post(samples[0].body).status == 201)
      #expect(try await stack.call([.ingest([samples[1]])]).first?.response?.stored == 1)
      try await stack.publish(samples[2])
      try await stack.waitForReadings(before.readings + 3)
      try await stack.tally().expectBalanced()
    }
  }
}
