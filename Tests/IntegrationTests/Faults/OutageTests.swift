// SPDX-License-Identifier: Apache-2.0
import DevStack
import TestSupport
import Testing

extension EndToEnd {
  @Suite("The database or the broker is away", .timeLimit(.minutes(15)))
  struct OutageTests {
    @Test("nothing is acknowledged, callers hear 'later', and all is stored once when it is back")
    func storedOnceWhenBack() async throws {
      try await TestStack.with { stack in
        let base = TestStack.base(secondsAgo: 3_600)
        try await stack.publishNumbered(0..<100, base: base).succeed()
        try await stack.waitForReadings(100)

        await stack.postgres.stop()
        try await stack.publishNumbered(100..<300, base: base).succeed()
        try await expectUnavailable(stack)
        try await stack.postgres.start()
        try await stack.waitForReadings(300)
        try await expectRecovered(stack)
        try await stack.expectExactlyOnce(0..<300)

        // Killed while it holds messages: the broker has them all.
        await stack.postgres.stop(.immediate)
        try await stack.publishNumbered(300..<400, base: base).succeed()
        try await expectUnavailable(stack)
        await stack.server.kill()
        #expect(try await stack.unacknowledgedNumbers().sorted() == Array(300..<400))
        try await stack.postgres.start()
        try await stack.expectExactlyOnce(0..<300)
      }
    }

    @Test("without its broker the server goes on for callers, and finds the broker again")
    func brokerAway() async throws {
      try await TestStack.with { stack in
        await stack.broker.stop()
        let noticed = try await eventually { try await !stack.isHealthy() }
        #expect(noticed)
        let health = try await stack.get("/health/")
        #expect(health.status == 503)
        #expect(health.body == #"{"db":true,"mqtt":false,"healthy":false}"#)
        #expect(try await stack.post(Sample(ago: 20).body).status == 201)
        // Started while there is neither broker nor database.
        await stack.server.kill()
        await stack.postgres.stop(.immediate)
        try await stack.server.start(until: nil)
        let answers = await eventually { FreePort.isListening(stack.server.httpPort) }
        #expect(answers)
        #expect(try await stack.get("/health/").status == 503)
        try await stack.postgres.start()
        try await stack.broker.start()
        let isHealthy = try await eventually { try await stack.isHealthy() }
        #expect(isHealthy)
        try await stack.publish(Sample(ago: 10))
        try await stack.waitForReadings(2)
        try await stack.tally().expectBalanced()
      }
    }

    private func expectUnavailable(_ stack: TestStack) async throws {
      let asked = ContinuousClock.now
      let post = try await stack.post(Sample().body)
      #expect(post.status == 503)
      #expect((post.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
      let latest = try await stack.get("/ingest/latest/ESP32-01/")
      #expect(latest.status == 503)
      #expect(latest.headers["retry-after"] != nil)
      // A batch that waits too long costs the connection to the broker, which is made anew at once.
      try await eventually("the database alone is away") {
        let health = try await stack.get("/health/")
        return health.status == 503 && health.body == #"{"db":false,"mqtt":true,"healthy":false}"#
      }
      let answers = try await stack.call([.ingest([Sample()]), .latest("ESP32-01")])
      #expect(answers.map(\.code) == ["UNAVAILABLE", "UNAVAILABLE"])
      // Five questions, none of which may hang until its client gives up, after 60 s or more.
      #expect(ContinuousClock.now - asked < .seconds(120))
    }

    private func expectRecovered(_ stack: TestStack) async throws {
      let isHealthy = try await eventually { try await stack.isHealthy() }
      #expect(isHealthy)
      #expect(try await stack.get("/ingest/latest/ESP32-01/").status == 200)
      let answer = try #require(try await stack.call([.latest("ESP32-01")]).first)
      #expect(answer.code == "OK" && answer.response?.count == 5)
    }
  }
}
