// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing

@Suite("Slow readers", .timeLimit(.minutes(5)))
struct SlowReaderTests {
  private let window = 8

  private func fixture() -> LiveFixture {
    var limits = LiveLimits()
    limits.maxViewEntries = window
    return LiveFixture(limits: limits)
  }

  @Test("a reader may be a whole window behind", arguments: [7, 8])
  func withinWindow(behind: Int) async throws {
    let live = fixture()
    let (_, closing) = try await live.subscribe(series: [.sample(1)])
    let (_, gapping) = try await live.subscribe(series: [.sample(1)], slowReader: .gap)
    for _ in 0..<behind { live.commit(1) }
    let all = (1...behind).map { "B \($0) 1=1.0" }
    #expect(try await closing.texts(behind) == all)
    #expect(try await gapping.texts(behind) == all)
  }

  @Test(
    "policy close ends a reader one entry further, naming the oldest cursor", arguments: [9, 20])
  func close(behind: Int) async throws {
    let live = fixture()
    let (_, subscription) = try await live.subscribe(series: [.sample(1)])
    for _ in 0..<behind { live.commit(1) }
    await #expect(throws: LiveError.overtaken(missed: 1, oldest: Int64(behind - window + 1))) {
      _ = try await subscription.next()
    }
  }

  @Test("policy gap names what was missed and goes on", arguments: [9, 20])
  func gap(behind: Int) async throws {
    let live = fixture()
    let (_, subscription) = try await live.subscribe(series: [.sample(1)], slowReader: .gap)
    for _ in 0..<behind { live.commit(1) }
    let missed = behind - window
    let kept = (missed + 1...behind).map { "B \($0) 1=1.0" }
    #expect(try await subscription.texts(window + 1) == ["G 1...\(missed)"] + kept)
    #expect(try subscription.poll() == nil)
  }

  @Test(
    "a gap reaches from the last block delivered to the oldest kept, unmatched batches included")
  func gapInTheMiddle() async throws {
    let live = fixture()
    let (_, subscription) = try await live.subscribe(
      SensorFilter(types: ["temp_supply"]), series: [.sample(2)], slowReader: .gap)
    live.commit(2)
    #expect(try await subscription.texts(1) == ["B 1 2=1.0"])
    for _ in 0..<10 {
      live.commit(1)
      live.commit(2)
    }
    #expect(try await subscription.texts(2) == ["G 2...6", "B 7 2=1.0"])
  }

  @Test("sensors announced in missed entries are announced after the gap")
  func announcementsAfterGap() async throws {
    let live = fixture()
    let (_, subscription) = try await live.subscribe(series: [.sample(1)], slowReader: .gap)
    live.commit(2)
    live.commit(3)
    for _ in 0..<window { live.commit(2, 3) }
    #expect(
      try await subscription.texts(3) == ["G 1...2", "S 2 3", "B 3 2=1.0 3=1.0"])
  }

  @Test("a slow reader costs the others nothing")
  func othersGoOn() async throws {
    let live = fixture()
    let (_, slow) = try await live.subscribe(series: [.sample(1)])
    let (_, quick) = try await live.subscribe(series: [.sample(1)])
    for seq in 1...100 {
      live.commit(1)
      #expect(try await quick.texts(1) == ["B \(seq) 1=1.0"])
    }
    await #expect(throws: LiveError.self) { _ = try await slow.next() }
  }
}
