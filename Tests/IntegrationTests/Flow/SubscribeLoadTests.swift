// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Live streams under load", .timeLimit(.minutes(15)))
  struct SubscribeLoadTests {
    @Test("20 subscribers see all of 5,000 points, in order, without gap or repetition")
    func twentySubscribers() async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.tally()
      let count = 5_000
      let subscribers = try await stack.subscribe(
        ["--tenant", "umc", "--points", "\(count)", "--quiet"], subscribers: 20)
      let began = ContinuousClock.now
      try await stack.publishNumbered(0..<count, base: TestStack.base(secondsAgo: 7_200)).succeed()
      try await subscribers.succeed()
      let took = ContinuousClock.now - began

      let journal = try await stack.journal(after: before.cursor)
      #expect(journal.dense && journal.total == count)
      #expect(journal.onlyInJournal == 0 && journal.onlyInReadings == 0)
      let ends = subscribers.lines(SubscriberLine.self).filter { $0.event == "end" }
      #expect(Set(ends.map(\.subscriber)) == Set(0..<20))
      for end in ends {
        #expect(end.code == "OK" && end.gaps == 0)
        #expect(end.start == before.cursor)
        #expect(end.cursors == Array((before.cursor + 1)...journal.last))
        #expect(end.total == count && end.digest == journal.digest)
      }
      print("5,000 points to 20 subscribers in \(took), \(journal.last - before.cursor) batches")
      try await stack.tally().expectBalanced()
    }

    @Test("a reader that stops reading delays nobody, and then gets all of it")
    func slowReader() async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.tally()
      let idle = await stack.server.residentMegabytes
      let (batches, points) = (20, 4_000)
      let facts = try await stack.python(
        "slow_reader.py",
        [
          stack.rpcAddress, "umc", TestStack.ingestKey, "ESP32-06", "temp_001", "°C", "\(batches)",
          "\(points)", "\(TestStack.base(secondsAgo: 400_000) / 1_000_000)",
        ]
      ).result(SlowReaderFacts.self, within: .seconds(600))
      let busy = await stack.server.residentMegabytes
      print("slow reader: \(facts), resident MB before \(idle), after \(busy)")

      #expect(facts.unread == 0)
      // Everything was stored and delivered before the slow reader read anything.
      #expect(facts.fastFinished)
      let journal = try await stack.journal(after: before.cursor)
      #expect(journal.total == batches * points)
      for reader in [facts.fast, facts.slow] {
        #expect(reader.start == before.cursor)
        #expect(reader.cursors == Array((before.cursor + 1)...(before.cursor + batches)))
        #expect(reader.gaps == 0)
        #expect(reader.digest == journal.digest)
      }
      #expect(busy.peak < 300)
      try await stack.tally().expectBalanced()
    }
  }
}

/// What slow_reader.py prints; times in seconds.
private struct SlowReaderFacts: Decodable {
  struct Reader: Decodable, CustomStringConvertible {
    let start: Int
    let cursors: [Int]
    let gaps: Int
    let total: Int
    let digest: String

    var description: String { "\(total) points, \(gaps) gaps" }
  }

  /// Whether the fast reader had everything before the slow one began to read.
  let fastFinished: Bool
  let slowestIngest: Double
  /// From the answer to an ingest to its arrival at the fast reader.
  let latestDelivery: Double
  /// Messages that the slow reader had taken before it began to read.
  let unread: Int
  let fast: Reader
  let slow: Reader
}
