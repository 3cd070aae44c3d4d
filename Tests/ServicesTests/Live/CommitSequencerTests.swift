// SPDX-License-Identifier: Apache-2.0

import Domain
import TestSupport
import Testing

@testable import Services

@Suite("Commit sequencer")
struct CommitSequencerTests {
  private func batch(_ seq: Int64, readings: Int = 1) -> CommittedBatch {
    CommittedBatch(seq: seq, readings: Array(repeating: .sample(1), count: readings))
  }

  private func drain(_ sequencer: inout CommitSequencer) -> [ClosedRange<Int64>] {
    var ranges: [ClosedRange<Int64>] = []
    while let next = sequencer.next {
      ranges.append(next.range)
      sequencer.advance()
    }
    return ranges
  }

  @Test("announcements in any order come out in seq order, each once")
  func anyOrder() {
    var random = SeededGenerator()
    var sequencer = CommitSequencer(limits: LiveLimits())
    sequencer.start(at: 10)
    var out: [ClosedRange<Int64>] = []
    let twice = (Array(1...60) + Array(1...60)).shuffled(using: &random)
    for seq in twice {
      sequencer.receive(batch(Int64(seq)))
      out += drain(&sequencer)
    }
    #expect(out == (11...60).map { Int64($0)...Int64($0) }, "seed \(random.seed)")
    #expect(!sequencer.hasHole)
  }

  @Test("nothing is published before the cursor is known, then everything after it")
  func beforeStart() {
    var sequencer = CommitSequencer(limits: LiveLimits())
    for seq in [5, 7, 6] as [Int64] { sequencer.receive(batch(seq)) }
    #expect(sequencer.next == nil)
    #expect(!sequencer.hasHole)
    sequencer.start(at: 5)
    #expect(drain(&sequencer) == [6...6, 7...7])
  }

  @Test("a second start does not move the position")
  func secondStart() {
    var sequencer = CommitSequencer(limits: LiveLimits())
    sequencer.start(at: 5)
    sequencer.start(at: 9)
    #expect(sequencer.last == 5)
  }

  @Test("a hole shows until it is filled")
  func hole() {
    var sequencer = CommitSequencer(limits: LiveLimits())
    sequencer.start(at: 0)
    sequencer.receive(batch(2))
    #expect(sequencer.hasHole)
    sequencer.receive(batch(1))
    #expect(!sequencer.hasHole)
    #expect(drain(&sequencer) == [1...1, 2...2])
  }

  @Test("a full cache forgets the highest position, and says that something is missing")
  func fullCache() {
    var limits = LiveLimits()
    limits.maxAheadBatches = 3
    var sequencer = CommitSequencer(limits: limits)
    sequencer.start(at: 0)
    for seq in [5, 4, 3, 2, 1] as [Int64] { sequencer.receive(batch(seq)) }
    #expect(drain(&sequencer) == [1...1, 2...2, 3...3])
    #expect(sequencer.hasHole)
    for seq in [4, 5] as [Int64] { sequencer.receive(batch(seq)) }
    #expect(drain(&sequencer) == [4...4, 5...5])
    #expect(!sequencer.hasHole)
  }

  @Test(
    "the cache is bounded in readings, but the lowest position always fits",
    arguments: [(9, 2), (10, 2), (11, 1), (100, 1)])
  func readingLimit(total: Int, kept: Int) {
    var limits = LiveLimits()
    limits.maxAheadReadings = 10
    var sequencer = CommitSequencer(limits: limits)
    sequencer.start(at: 0)
    sequencer.receive(batch(2, readings: 1))
    sequencer.receive(batch(1, readings: total - 1))
    #expect(drain(&sequencer).count == kept)
  }

  @Test("a lost range counts as published as a whole")
  func lostRange() {
    var sequencer = CommitSequencer(limits: LiveLimits())
    sequencer.start(at: 3)
    sequencer.receive(batch(9))
    sequencer.receive(CommittedBatch(lost: 2...8))
    #expect(sequencer.next?.range.upperBound == 8)
    #expect(drain(&sequencer).count == 2)
    #expect(sequencer.last == 9)
    #expect(!sequencer.hasHole)
  }
}
