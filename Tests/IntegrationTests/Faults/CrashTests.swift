// SPDX-License-Identifier: Apache-2.0
import DevStack
import TestSupport
import Testing

extension EndToEnd {
  @Suite("kill -9", .timeLimit(.minutes(15)))
  struct CrashTests {
    @Test(
      "every reading is stored exactly once, however often server and database are killed",
      arguments: [20_261 as UInt64])
    func exactlyOnce(seed: UInt64) async throws {
      var random = SeededGenerator(seed: seed)
      try await TestStack.with { stack in
        let publisher = try await stack.publishNumbered(
          0..<2_000, perSecond: 250, base: TestStack.base(secondsAgo: 3_600))
        var kills = 0
        while kills < 6 || publisher.child.isRunning {
          // A moment, not a wait for something: the crash may come whenever it likes.
          try await Task.sleep(for: .milliseconds(.random(in: 50...1_300, using: &random)))
          await stack.server.kill()
          kills += 1
          if kills == 3 {
            await stack.postgres.kill()
            try await stack.server.start(until: nil)
            try await stack.postgres.start()
          } else {
            try await stack.server.start(until: nil)
          }
        }
        try await publisher.succeed()
        try await stack.waitForReadings(2_000, within: .seconds(120))
        #expect(await stack.server.isRunning)
        let isHealthy = try await eventually { try await stack.isHealthy() }
        #expect(isHealthy)
        // What a killed server had committed but not acknowledged comes again: when a further reading is there, all
        // before it has come.
        try await stack.publishNumbered(
          2_000..<2_001, base: TestStack.base(secondsAgo: 3_600)
        ).succeed()
        try await stack.waitForReadings(2_001)
        let outcome = await stack.server.terminate()
        #expect(outcome == .exited(0))
        #expect(try await stack.unacknowledgedNumbers() == [])
        try await stack.expectExactlyOnce(0..<2_001)
        let tally = try await stack.tally()
        print("killed \(kills) times: \(tally)")
      }
    }
  }
}
