// SPDX-License-Identifier: Apache-2.0
import DevStack
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("An orderly stop", .timeLimit(.minutes(15)))
  struct StopTests {
    @Test("SIGTERM ends streams and server, whatever clients do; what was acknowledged is stored")
    func underTraffic() async throws {
      try await TestStack.with { stack in
        let subscriber = try await stack.subscribe(["--tenant", "umc", "--quiet"])
        let events = try stack.stream()
        try await events.waitFor("event: start")
        let publisher = try await stack.publishNumbered(
          0..<1_000, perSecond: 100, base: TestStack.base(secondsAgo: 3_600))
        // A client that hangs answers nothing any more, not even the PING of a graceful stop.
        let frozen = try await stack.subscribe(["--tenant", "umc", "--quiet"])
        frozen.child.send(SIGSTOP)
        let poster = Task { try await Self.postUntilRefused(stack) }
        try await stack.waitForReadings(100)

        let asked = ContinuousClock.now
        let exit = await stack.server.terminate()
        let took = ContinuousClock.now - asked
        let log = await stack.server.log
        #expect(exit == .exited(0), "after \(took): \(log)")
        print("stopped in \(took)")
        await frozen.child.kill()

        try await publisher.succeed()
        let posted = try await poster.value
        try #require(!posted.isEmpty)
        let stored = try await stack.storedNumbers()
        let unacknowledged = Set(try await stack.unacknowledgedNumbers())
        #expect(stored.count < 1_000, "the stop came too late to show anything")
        #expect(stored.union(unacknowledged) == Set(0..<1_000))
        #expect(stored.isDisjoint(with: unacknowledged))
        #expect(try await stack.storedNumbers(of: "ESP32-03").isSuperset(of: posted))

        try await subscriber.succeed()
        let end = try #require(subscriber.lines(SubscriberLine.self).last)
        #expect(end.code == "UNAVAILABLE")
        let (start, cursors) = (try #require(end.start), try #require(end.cursors))
        #expect(!cursors.isEmpty && cursors == Array((start + 1)...(start + cursors.count)))
        _ = try await events.end()
        #expect(events.output.contains("event: reading"))
        #expect(events.output.contains("event: end"))
        try await stack.tally().expectBalanced()
      }
    }

    /// - Returns: the numbers that were answered with 201.
    private static func postUntilRefused(_ stack: TestStack) async throws -> Set<Int> {
      var stored: Set<Int> = []
      for number in 0..<10_000 {
        var sample = Sample()
        sample.device = "ESP32-03"
        sample.value = "\(Double(number) / 256)"
        do {
          guard try await stack.post(sample.body).status == 201 else { break }
        } catch is ToolFailed {
          // The port is closed.
          break
        }
        stored.insert(number)
      }
      return stored
    }
  }
}
