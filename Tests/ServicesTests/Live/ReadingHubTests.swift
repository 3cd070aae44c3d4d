// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import TestSupport
import Testing

@Suite("Reading hub", .timeLimit(.minutes(5)))
struct ReadingHubTests {
  @Test("a subscription starts at the journal's cursor and yields what follows")
  func startsAtCursor() async throws {
    let live = LiveFixture(cursor: 41)
    let (start, subscription) = try await live.subscribe(series: [.sample(1)])
    #expect(start.cursor == 41)
    #expect(start.series == [.sample(1)])
    live.commit(1)
    live.commit(1)
    #expect(try await subscription.texts(2) == ["B 42 1=1.0", "B 43 1=1.0"])
    #expect(try subscription.poll() == nil)
  }

  @Test("a reader that waits is woken by a commit")
  func wakes() async throws {
    let live = LiveFixture()
    let (_, subscription) = try await live.subscribe(series: [.sample(1)])
    let reader = Task { try await subscription.next().text }
    for _ in 0..<20 { await Task.yield() }
    live.commit(1)
    #expect(try await reader.value == "B 1 1=1.0")
  }

  @Test("commits announced out of order come in seq order, repetitions are ignored")
  func reorders() async throws {
    let live = LiveFixture()
    let (_, subscription) = try await live.subscribe(series: [.sample(1)])
    let entries = (0..<4).map { _ in live.commitSilently(1) }
    for index in [2, 0, 0, 3, 1, 2] { live.announce(entries[index]) }
    #expect(
      try await subscription.texts(4) == (1...4).map { "B \($0) 1=1.0" })
    #expect(try subscription.poll() == nil)
  }

  @Test("a batch is encoded once for a hundred subscriptions with one filter")
  func encodesOnce() async throws {
    let live = LiveFixture()
    var subscriptions: [ReadingSubscription] = []
    for _ in 0..<100 {
      subscriptions.append(try await live.subscribe(series: [.sample(1)]).subscription)
    }
    for _ in 0..<10 { live.commit(1) }
    for subscription in subscriptions {
      #expect(try await subscription.texts(10).last == "B 10 1=1.0")
    }
    #expect(live.text.blocks == 10)
    #expect(live.text.announcements == 0)
  }

  @Test("different filters are encoded apart, and a filter that nothing matches not at all")
  func filters() async throws {
    let live = LiveFixture()
    let (_, even) = try await live.subscribe(SensorFilter(types: ["temp_supply"]))
    let (_, none) = try await live.subscribe(SensorFilter(devices: [.sample(99)]))
    live.commit(1)
    live.commit(1, 2)
    live.commit(4, 3)
    #expect(try await even.texts(4) == ["S 2", "B 2 2=1.0", "S 4", "B 3 4=1.0"])
    #expect(try none.poll() == nil)
    #expect(live.text.blocks == 2)
  }

  @Test("a sensor that appears later is announced before the block that uses it, once")
  func announcesNewSensors() async throws {
    let live = LiveFixture()
    let (_, early) = try await live.subscribe(series: [.sample(1)])
    live.commit(1, 2)
    let (start, late) = try await live.subscribe(series: [.sample(1)])
    #expect(start.series.map(\.key) == [1, 2])
    live.commit(2)
    #expect(try await early.texts(3) == ["S 2", "B 1 1=1.0 2=1.0", "B 2 2=1.0"])
    #expect(try await late.texts(1) == ["B 2 2=1.0"])
  }

  @Test("sensors that a joining reader brings are announced to those who were there before")
  func announcesMergedSensors() async throws {
    let live = LiveFixture()
    let (_, early) = try await live.subscribe(series: [.sample(1)])
    let (_, late) = try await live.subscribe(series: [.sample(1), .sample(2)])
    live.commit(2)
    #expect(try await early.texts(2) == ["S 2", "B 1 2=1.0"])
    #expect(try await late.texts(1) == ["B 1 2=1.0"])
  }

  @Test("without a subscription nothing is kept or encoded")
  func idleTenant() async throws {
    let live = LiveFixture()
    live.commit(1)
    var subscription: ReadingSubscription? = try await live.subscribe().subscription
    #expect(live.hub.subscriptions(of: .umc) == 1)
    subscription = nil
    #expect(subscription == nil)
    #expect(live.hub.subscriptions(of: .umc) == 0)
    live.commit(1)
    #expect(live.text.blocks == 0)
    #expect(try await live.subscribe().start.cursor == 2)
  }

  @Test("cancelling a reader ends its wait and gives everything back", arguments: 0..<20)
  func cancellation(yields: Int) async throws {
    let live = LiveFixture()
    let reader = Task {
      let (_, subscription) = try await live.subscribe()
      _ = try await subscription.next()
    }
    for _ in 0..<yields { await Task.yield() }
    reader.cancel()
    await #expect(throws: LiveError.cancelled) { try await reader.value }
    try await eventually("the subscription is released") {
      live.hub.subscriptions(of: .umc) == 0
    }
  }

  @Test("subscriptions are limited per tenant", arguments: [1, 3])
  func subscriptionLimit(limit: Int) async throws {
    var limits = LiveLimits()
    limits.maxSubscriptionsPerTenant = limit
    let live = LiveFixture(limits: limits)
    var held: [ReadingSubscription] = []
    for _ in 0..<limit { held.append(try await live.subscribe().subscription) }
    await #expect(throws: LiveError.tooManySubscriptions(limit: limit)) {
      _ = try await live.subscribe()
    }
    held.removeLast()
    held.append(try await live.subscribe().subscription)
    #expect(live.hub.subscriptions(of: .umc) == limit)
  }

  @Test("different filters are limited per tenant, equal ones are not")
  func viewLimit() async throws {
    var limits = LiveLimits()
    limits.maxViewsPerTenant = 2
    let live = LiveFixture(limits: limits)
    let filters = (0...2).map { SensorFilter(devices: [.sample(Int64($0))]) }
    var held = [try await live.subscribe(filters[0]).subscription]
    held.append(try await live.subscribe(filters[1]).subscription)
    await #expect(throws: LiveError.tooManyViews(limit: 2)) {
      _ = try await live.subscribe(filters[2])
    }
    held.append(try await live.subscribe(filters[1]).subscription)
    held.removeFirst()
    held.append(try await live.subscribe(filters[2]).subscription)
    #expect(live.hub.subscriptions(of: .umc) == 3)
  }

  @Test("a cursor that cannot be read fails the subscription and leaves nothing behind")
  func cursorFails() async throws {
    let live = LiveFixture()
    live.store.edit { $0.failures = [.overloaded] }
    await #expect(throws: LiveError.store(.overloaded)) { _ = try await live.subscribe() }
    #expect(live.hub.subscriptions(of: .umc) == 0)
    _ = try await live.subscribe()
  }

  @Test("closing ends readers that wait and lets no new ones in")
  func close() async throws {
    let live = LiveFixture()
    let (_, subscription) = try await live.subscribe()
    let reader = Task { _ = try await subscription.next() }
    for _ in 0..<20 { await Task.yield() }
    live.hub.close()
    await #expect(throws: LiveError.closed) { try await reader.value }
    await #expect(throws: LiveError.closed) { _ = try await live.subscribe() }
  }

  @Test("tenants do not see each other's readings")
  func isolation() async throws {
    let live = LiveFixture()
    let (_, subscription) = try await live.subscribe(series: [.sample(1)])
    let entry = live.commitSilently(1)
    live.hub.committed(entry, readings: [.sample(7)], tenant: .sample(2, "other"))
    #expect(try subscription.poll() == nil)
  }
}
