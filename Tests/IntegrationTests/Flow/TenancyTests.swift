// SPDX-License-Identifier: Apache-2.0
import DevStack
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Two tenants with devices of the same name", .timeLimit(.minutes(15)))
  struct TenancyTests {
    @Test("readings, queries and live streams never cross")
    func neverCross() async throws {
      let stack = try await SharedStack.stack()
      let before = (try await stack.tally(), try await stack.tally(TestStack.rivalSchema))
      let rivalHost = TestStack.rivalHost

      // One subscriber by metadata, one by host; each waits for the two readings of its tenant.
      let ours = try await stack.subscribe(["--tenant", "umc", "--points", "2"])
      let theirs = try await stack.subscribe(["--authority", "\(rivalHost):80", "--points", "2"])
      let ourEvents = try stack.stream()
      let theirEvents = try stack.stream(host: "127.0.0.1", headers: ["X-Tenant: acme"])
      try await ourEvents.waitFor("event: start")
      try await theirEvents.waitFor("event: start")

      // The same device, sensor and instants; values tell whose they are.
      var first = Sample(ago: 20)
      var second = Sample(ago: 10)
      (first.value, second.value) = ("11.125", "12.125")
      try await stack.publish(first)
      #expect(try await stack.call([.ingest([second])]).first?.response?.stored == 1)
      (first.tenant, second.tenant) = ("acme", "acme")
      (first.value, second.value) = ("91.125", "92.125")
      try await stack.publish(first)
      #expect(try await stack.post(second.body, host: rivalHost).status == 201)

      for (run, values) in [(ours, [11.125, 12.125]), (theirs, [91.125, 92.125])] {
        try await run.succeed()
        let points = run.lines(SubscriberLine.self).flatMap { $0.points ?? [] }
        // Two ways in: which commits first is open.
        #expect(points.map(\.value).sorted() == values)
        #expect(points.allSatisfy { $0.device == "ESP32-01" && $0.sensor == "temp_001" })
      }
      for (events, values) in [
        (ourEvents, ["11.125", "12.125"]), (theirEvents, ["91.125", "92.125"]),
      ] {
        for value in values { try await events.waitFor(#""value":\#(value)"#) }
      }
      for events in [ourEvents, theirEvents] { await events.child.stop(SIGKILL) }
      // With their name: the seconds of a time may look like them.
      for (events, values) in [
        (ourEvents, ["91.125", "92.125"]), (theirEvents, ["11.125", "12.125"]),
      ] {
        for value in values { #expect(!events.output.contains(#""value":\#(value)"#)) }
      }

      // Latest, by each way to name the tenant.
      var byHost = RPCCall.latest("ESP32-01")
      byHost.metadata = [:]
      byHost.authority = rivalHost
      let answers = try await stack.call([
        .latest("ESP32-01"), .latest("ESP32-01", tenant: "acme"), byHost,
      ])
      let latest = answers.map { answer in
        answer.response?.readings?.first { $0.sensorId == "temp_001" }?.value
      }
      #expect(latest == [12.125, 92.125, 92.125])
      let path = "/ingest/latest/ESP32-01/?sensor_id=temp_001"
      let rest = try await [
        stack.get(path), stack.get(path, host: rivalHost),
        stack.get(path, host: "api", headers: ["X-Tenant: acme"]),
        stack.get(path, host: "ACME.localhost:8000"),
      ]
      let values = try rest.map { try $0.json(LatestAnswer.self).readings.map(\.value) }
      #expect(values == [[12.125], [92.125], [92.125], [92.125]])

      // History.
      let past = "/ingest/history/ESP32-01/?interval=raw&sensor_id=temp_001"
      let ourPast = try await stack.get(past).json(HistoryAnswer.self).data.map(\.value)
      let theirPast = try await stack.get(past, host: rivalHost).json(HistoryAnswer.self)
      #expect(theirPast.data.map(\.value) == [91.125, 92.125])
      #expect(Array(ourPast.suffix(2)) == [11.125, 12.125])
      #expect(!ourPast.contains(91.125) && !ourPast.contains(92.125))

      // Who names two tenants gets nothing; a device of one is unknown to the other.
      #expect(try await stack.get(path, headers: ["X-Tenant: acme"]).status == 403)
      #expect(try await stack.get("/ingest/latest/ESP32-02/", host: rivalHost).status == 404)
      #expect(try await stack.get(path, host: "nobody.localhost").status == 404)

      let after = (try await stack.tally(), try await stack.tally(TestStack.rivalSchema))
      #expect(after.0.readings == before.0.readings + 2)
      #expect(after.1.readings == before.1.readings + 2)
      #expect(after.1.cursor == before.1.cursor + 2)
      after.0.expectBalanced()
      after.1.expectBalanced()
    }
  }
}
