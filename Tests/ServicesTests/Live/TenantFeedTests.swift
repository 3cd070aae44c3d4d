// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime
import Testing

@testable import Services

@Suite("Tenant feed")
struct TenantFeedTests {
  private static let frameBytes = 1_000

  private let encoding = LiveEncoding(
    block: { _, _ in
      MessageFrame(capacity: frameBytes) { $0.writeRepeatingByte(0, count: frameBytes) }
    },
    seriesAdded: { _ in MessageFrame { $0.writeInteger(0) } })

  private func feed(_ change: (inout LiveLimits) -> Void) -> TenantFeed {
    var limits = LiveLimits()
    change(&limits)
    let feed = TenantFeed(tenant: .umc, encoding: encoding, limits: limits)
    feed.start(at: 0)
    return feed
  }

  private func publish(_ feed: TenantFeed, _ seqs: ClosedRange<Int64>) {
    for seq in seqs { feed.offer([CommittedBatch(seq: seq, readings: [.sample(1)])]) }
  }

  @Test("one view keeps no more than its own limit")
  func viewLimit() throws {
    let feed = feed { $0.maxViewBytes = 20_000 }
    _ = try feed.join(SensorFilter(), series: [.sample(1)], slowReader: .close)
    publish(feed, 1...100)
    #expect((10_000...20_000).contains(feed.bytes))
  }

  @Test("all views together keep no more than the tenant's limit, however many there are")
  func tenantLimit() throws {
    let feed = feed {
      $0.maxViewBytes = 20_000
      $0.maxTenantBytes = 40_000
    }
    var views: [(ReadingView, Int)] = []
    for count in 1...10 {
      // Different filters that all let sensor 1 through.
      let filter = SensorFilter(
        devices: [.sample(0)], types: ["humidity", "other-\(count)"])
      let (view, _, position) = try feed.join(
        filter, series: [.sample(1)], slowReader: .close)
      views.append((view, position.slot))
      let last = Int64(count) * 50
      publish(feed, (last - 49)...last)
      #expect(feed.bytes <= 40_000)
    }
    // Those that leave make room for the rest.
    for (view, slot) in views.dropLast() { feed.leave(view, slot: slot) }
    publish(feed, 501...600)
    #expect((10_000...20_000).contains(feed.bytes))
  }

  @Test("nothing is kept for views that have gone")
  func leave() throws {
    let feed = feed { _ in }
    let (view, _, position) = try feed.join(
      SensorFilter(), series: [], slowReader: .close)
    publish(feed, 1...10)
    feed.leave(view, slot: position.slot)
    #expect(feed.bytes == 0)
  }

  @Test("a feed that ended takes nobody in and publishes nothing")
  func ended() throws {
    let feed = feed { _ in }
    let (view, _, joined) = try feed.join(SensorFilter(), series: [], slowReader: .close)
    feed.end(.store(.overloaded))
    feed.end(.closed)
    publish(feed, 1...3)
    var position = joined
    #expect(throws: LiveError.store(.overloaded)) { try view.read(&position) }
    #expect(throws: LiveError.store(.overloaded)) {
      try feed.join(SensorFilter(), series: [], slowReader: .close)
    }
    #expect(feed.bytes == 0)
    #expect(!feed.shouldBeginFill())
    #expect(!feed.shouldBeginDoubt())
  }
}
