// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Synchronization
import TestSupport
import Testing

@Suite("Joins racing commits", .timeLimit(.minutes(5)))
struct JoinRaceTests {
  private final class Race: Sendable {
    let stop = Atomic(false)
    let joins = Atomic(0)
  }

  @Test("every subscriber sees exactly start+1, start+2, … while commits and joins race")
  func exactJoin() async throws {
    var limits = LiveLimits()
    limits.holeWait = .milliseconds(1)
    let live = LiveFixture(limits: limits)
    let hub = Task { await live.hub.run() }
    let race = Race()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for committer in 0..<4 {
        group.addTask {
          var random = SeededGenerator(seed: UInt64(committer))
          while !race.stop.load(ordering: .relaxed) {
            let entry = live.commitSilently(Int64.random(in: 0..<4, using: &random))
            for _ in 0..<Int.random(in: 0..<4, using: &random) { await Task.yield() }
            // One in fifty announcements is lost: the journal has to help.
            if Int.random(in: 0..<50, using: &random) > 0 { live.announce(entry) }
            await Task.yield()
          }
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { readers in
        for _ in 0..<6 {
          readers.addTask {
            for _ in 0..<60 {
              try await Self.followExactly(live)
              race.joins.add(1, ordering: .relaxed)
            }
          }
        }
        do {
          try await readers.waitForAll()
        } catch {
          race.stop.store(true, ordering: .relaxed)
          throw error
        }
      }
      race.stop.store(true, ordering: .relaxed)
      try await group.waitForAll()
    }
    hub.cancel()
    await hub.value
    #expect(race.joins.load(ordering: .relaxed) == 360)
    #expect(live.hub.subscriptions(of: .umc) == 0)
  }

  private static func followExactly(_ live: LiveFixture) async throws {
    let (start, subscription) = try await live.subscribe()
    var known = Set(start.series.map(\.key))
    var expected = start.cursor + 1
    while expected <= start.cursor + 20 {
      let event = try await subscription.next()
      switch event {
      case .series: known.formUnion(event.keys)
      case .block(let cursor, _):
        try #require(cursor == expected)
        try #require(event.keys.isSubset(of: known))
        expected += 1
      case .gap(let range): Issue.record("unexpected gap \(range)")
      }
    }
  }

  @Test("cancelled readers leak neither subscriptions nor tasks while commits go on")
  func cancellationRace() async throws {
    let live = LiveFixture()
    let keeper = try await live.subscribe().subscription
    for round in 0..<300 {
      let reader = Task {
        let subscription = try await live.subscribe().subscription
        while true { _ = try await subscription.next() }
      }
      if round.isMultiple(of: 3) { await Task.yield() }
      live.commit(1)
      if round.isMultiple(of: 2) { await Task.yield() }
      reader.cancel()
      await #expect(throws: LiveError.cancelled) { try await reader.value }
    }
    #expect(live.hub.subscriptions(of: .umc) == 1)
    #expect(try keeper.poll() != nil)
  }

  @Test("no wake-up is lost when a commit falls between looking and waiting")
  func wakeUpRace() async throws {
    let live = LiveFixture()
    let race = Race()
    let subscription = try await live.subscribe(series: [.sample(1)]).subscription
    let reader = Task {
      for expected in 1...20_000 {
        guard case .block(let cursor, _) = try await subscription.next() else { continue }
        #expect(cursor == Int64(expected))
        race.joins.add(1, ordering: .releasing)
      }
    }
    rounds: for round in 1...20_000 {
      live.commit(1)
      // Waits for progress, however slow the machine is.
      let deadline = ContinuousClock.now + .seconds(60)
      // The next commit comes the moment the reader has counted this one and is about to wait.
      while race.joins.load(ordering: .acquiring) < round {
        guard ContinuousClock.now < deadline else {
          Issue.record("the reader sleeps through commit \(round)")
          break rounds
        }
      }
    }
    reader.cancel()
    _ = await reader.result
  }

  @Test("views that begin and end while others publish are exact too")
  func viewRace() async throws {
    let live = LiveFixture()
    let race = Race()
    let publisher = Task {
      while !race.stop.load(ordering: .relaxed) {
        live.commit(0, 1, 10, 11)
        await Task.yield()
      }
    }
    let filters = [
      SensorFilter(), SensorFilter(types: ["humidity"]), SensorFilter(devices: [.sample(1)]),
    ]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for filter in filters {
        group.addTask {
          for _ in 0..<300 {
            let (start, subscription) = try await live.subscribe(filter, slowReader: .gap)
            var expected = start.cursor + 1
            while expected <= start.cursor + 3 {
              guard case .block(let cursor, _) = try await subscription.next() else { continue }
              try #require(cursor == expected)
              expected += 1
            }
          }
        }
      }
      try await group.waitForAll()
    }
    race.stop.store(true, ordering: .relaxed)
    await publisher.value
  }
}
