// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing

@Suite("Reading hub and the journal", .timeLimit(.minutes(5)))
struct ReadingHubJournalTests {
  private func fixture(journalPage: Int = 256) -> LiveFixture {
    var limits = LiveLimits()
    limits.holeWait = .milliseconds(5)
    limits.uncertainWaits = [.zero, .milliseconds(20)]
    limits.journalPage = journalPage
    return LiveFixture(limits: limits)
  }

  /// Runs the hub while `body` runs.
  private func running(
    _ live: LiveFixture, _ body: (LiveFixture) async throws -> Void
  ) async throws {
    let hub = Task { await live.hub.run() }
    do {
      try await body(live)
    } catch {
      hub.cancel()
      await hub.value
      throw error
    }
    hub.cancel()
    await hub.value
  }

  @Test("a commit that nobody announced is read from the journal", arguments: [1, 2, 256])
  func fillsHole(journalPage: Int) async throws {
    try await running(fixture(journalPage: journalPage)) { live in
      let (_, subscription) = try await live.subscribe(series: [.sample(1)])
      live.commit(1)
      for _ in 0..<5 { live.commitSilently(1) }
      live.commit(1)
      #expect(try await subscription.texts(7) == (1...7).map { "B \($0) 1=1.0" })
      #expect(try subscription.poll() == nil)
    }
  }

  @Test("a hole that closes by itself costs no look at the journal")
  func briefHole() async throws {
    var limits = LiveLimits()
    limits.holeWait = .seconds(30)
    try await running(LiveFixture(limits: limits)) { live in
      let (_, subscription) = try await live.subscribe(series: [.sample(1)])
      let first = live.commitSilently(1)
      live.commit(1)
      live.announce(first)
      #expect(try await subscription.texts(2) == ["B 1 1=1.0", "B 2 1=1.0"])
      #expect(live.store.edit { $0.journalReads } == 0)
    }
  }

  @Test("the journal is asked again while the store is unavailable")
  func retries() async throws {
    try await running(fixture()) { live in
      let (_, subscription) = try await live.subscribe(series: [.sample(1)])
      live.store.edit { $0.failures = [.unavailable("down"), .overloaded, .cancelled] }
      live.commitSilently(1)
      live.commit(1)
      #expect(try await subscription.texts(2) == ["B 1 1=1.0", "B 2 1=1.0"])
    }
  }

  @Test("a store that fails for good ends the subscriptions; new ones may begin")
  func fails() async throws {
    try await running(fixture()) { live in
      let (_, subscription) = try await live.subscribe(series: [.sample(1)])
      live.store.edit { $0.failures = [.failed(sqlState: "42P01", "no such table")] }
      live.commitSilently(1)
      live.commit(1)
      await #expect(throws: LiveError.store(.failed(sqlState: "42P01", "no such table"))) {
        _ = try await subscription.next()
      }
      #expect(try await live.subscribe().start.cursor == 2)
    }
  }

  @Test("after a lost answer the journal is read, also when the commit finishes late")
  func uncertain() async throws {
    try await running(fixture()) { live in
      let (_, subscription) = try await live.subscribe(series: [.sample(1)])
      live.commitSilently(1)
      live.hub.commitUncertain(for: .umc)
      #expect(try await subscription.texts(1) == ["B 1 1=1.0"])
      live.commitSilently(1)
      #expect(try await subscription.texts(1) == ["B 2 1=1.0"])
    }
  }

  @Test("a lost answer of a tenant without subscriptions costs nothing")
  func uncertainUnwatched() async throws {
    try await running(fixture()) { live in
      live.commitSilently(1)
      live.hub.commitUncertain(for: .umc)
      live.hub.commitUncertain(for: .sample(2, "other"))
      for _ in 0..<20 { await Task.yield() }
      #expect(live.store.edit { $0.journalReads } == 0)
    }
  }

  @Test("rows that were deleted or cannot be read are a gap, or the end, as the reader wishes")
  func lostRows() async throws {
    try await running(fixture()) { live in
      let (_, strict) = try await live.subscribe(series: [.sample(1)])
      let (_, lenient) = try await live.subscribe(series: [.sample(1)], slowReader: .gap)
      for _ in 0..<4 { live.commitSilently(1) }
      live.store.edit { state in
        state.journal.removeFirst(2)
        state.journal[0] = JournalEntry(seq: 3, payload: Array("garbage".utf8))
      }
      live.commit(1)
      #expect(
        try await lenient.texts(4) == ["G 1...2", "G 3...3", "B 4 1=1.0", "B 5 1=1.0"])
      await #expect(throws: LiveError.lost(1...2)) { _ = try await strict.next() }
    }
  }

  @Test("more commits ahead of a hole than are kept come from the journal")
  func longHole() async throws {
    var limits = LiveLimits()
    limits.holeWait = .milliseconds(5)
    limits.maxAheadBatches = 3
    try await running(LiveFixture(limits: limits)) { live in
      let (_, subscription) = try await live.subscribe(series: [.sample(1)])
      live.commitSilently(1)
      for _ in 0..<20 { live.commit(1) }
      #expect(try await subscription.texts(21).last == "B 21 1=1.0")
      #expect(try subscription.poll() == nil)
    }
  }
}
