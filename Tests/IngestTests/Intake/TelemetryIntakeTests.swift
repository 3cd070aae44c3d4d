// SPDX-License-Identifier: Apache-2.0
import Domain
import Ingest
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TelemetryIntakeTests {
  private typealias Fixture = IntakeFixture

  @Test("each point of a batch ends where it belongs")
  func outcomes() async throws {
    let fixture = IntakeFixture()
    let message = Fixture.message(
      Fixture.reading(), Fixture.reading(), Fixture.reading(sensor: "s1", value: 151),
      Fixture.reading(sensor: "s1", unit: "K"), Fixture.reading(device: "other"),
      Fixture.reading(sensor: "nope"), Fixture.reading(sensor: "s1", secondsAgo: -301),
      .unreadable(
        tenant: "acme", Refusal(.malformedPayload, field: "payload", message: "no JSON")),
      Fixture.reading("nobody"), Fixture.reading(sensor: "s2"))
    let outcomes = try await fixture.intake.accept([message])
    let reasons = outcomes[0].map { outcome -> Refusal.Reason? in
      if case .quarantined(let refusal) = outcome { return refusal.reason }
      return nil
    }
    #expect(outcomes[0][0] == .stored)
    #expect(outcomes[0][1] == .duplicate)
    #expect(
      reasons == [
        nil, nil, .outOfRange, .unitMismatch, .unknownDevice, .unknownSensor, .badTimestamp,
        .malformedPayload, .unknownTenant, nil,
      ])
    #expect(outcomes[0][9] == .stored)
    #expect(fixture.store.quarantined("acme").map(\.index) == [2, 3, 4, 5, 6, 7])
    #expect(fixture.store.quarantined("acme").allSatisfy { $0.payload == Array("payload".utf8) })
    #expect(fixture.store.quarantined("acme").allSatisfy { $0.topic == "a/topic" })
    #expect(fixture.store.unroutable.map(\.index) == [8])
    #expect(fixture.store.commits.count == 1)
  }

  @Test(
    "a batch whose sensor was deleted meanwhile is judged anew, at most as often as a batch is divided"
  )
  func outdated() async throws {
    let fixture = IntakeFixture()
    let left = Mutex(3)
    fixture.store.fail { _ in
      left.withLock { left in
        left -= 1
        return left >= 0 ? .outdated : nil
      }
    }
    let outcomes = try await fixture.intake.accept([Fixture.message(Fixture.reading())])
    #expect(outcomes == [[.stored]])
    #expect(fixture.store.state.withLock { $0.lookups.count } == 4)
    #expect(fixture.listener.state.withLock { $0.uncertain } == [])
    fixture.store.fail { _ in .outdated }
    await #expect(throws: StoreError.outdated) {
      try await fixture.intake.accept([Fixture.message(Fixture.reading(secondsAgo: 1))])
    }
    #expect(fixture.store.state.withLock { $0.attempts } == 4 + IngestLimits().maxIsolationCommits)
  }

  @Test("a caller gets refused points back and nothing of them is kept")
  func call() async throws {
    let fixture = IntakeFixture()
    let outcomes = try await fixture.intake.accept([
      Delivery(
        points: [
          Fixture.reading(value: -51), Fixture.reading("nobody"), Fixture.reading("NOT A SLUG"),
          Fixture.reading(),
        ], source: .call)
    ])
    let reasons = outcomes[0].map { outcome -> Refusal.Reason? in
      if case .refused(let refusal) = outcome { return refusal.reason }
      return nil
    }
    #expect(reasons == [.outOfRange, .unknownTenant, .unknownTenant, nil])
    #expect(outcomes[0][3] == .stored)
    #expect(fixture.store.quarantined("acme").isEmpty)
    #expect(fixture.store.unroutable.isEmpty)
  }

  @Test("nothing to keep is no transaction")
  func nothing() async throws {
    let fixture = IntakeFixture()
    #expect(try await fixture.intake.accept([]) == [])
    _ = try await fixture.intake.accept([
      Delivery(points: [Fixture.reading(value: 1_000)], source: .call)
    ])
    #expect(fixture.store.commits.isEmpty)
  }

  @Test("a batch asks for each sensor once and commits once per tenant")
  func onePerTenant() async throws {
    let fixture = IntakeFixture()
    let deliveries = (0..<200).map { index in
      Fixture.message(
        Fixture.reading(
          index % 2 == 0 ? "acme" : "globex", sensor: "s\(index % 6)", secondsAgo: Int64(index)))
    }
    let outcomes = try await fixture.intake.accept(deliveries)
    #expect(outcomes.joined().allSatisfy { $0 == .stored })
    #expect(fixture.store.commits.count == 2)
    #expect(fixture.store.state.withLock { $0.lookups.map(\.count) } == [3, 3])
    let listened = fixture.listener.state.withLock { $0.committed }
    #expect(Set(listened.map(\.tenant)) == ["acme", "globex"])
    #expect(listened.map(\.readings.count) == [100, 100])
  }

  @Test("only what was newly stored is announced, and nothing when nothing was")
  func announcements() async throws {
    let fixture = IntakeFixture()
    _ = try await fixture.intake.accept([Fixture.message(Fixture.reading())])
    _ = try await fixture.intake.accept([Fixture.message(Fixture.reading())])
    _ = try await fixture.intake.accept([
      Fixture.message(Fixture.reading(), Fixture.reading(sensor: "s4"))
    ])
    let committed = fixture.listener.state.withLock { $0.committed }
    #expect(committed.map(\.seq) == [1, 2])
    #expect(committed.map { $0.readings.map(\.sensor.key) } == [[0], [4]])
  }

  @Test("a tenant whose database is away loses nothing of the others'")
  func isolation() async throws {
    let fixture = IntakeFixture()
    fixture.store.fail { $0.tenant.slug.rawValue == "acme" ? .unavailable("gone") : nil }
    let batch = [
      Fixture.message(Fixture.reading("acme")), Fixture.message(Fixture.reading("globex")),
      Fixture.message(Fixture.reading("nobody")),
    ]
    await #expect(throws: StoreError.unavailable("gone")) { try await fixture.intake.accept(batch) }
    #expect(fixture.store.commits.map(\.tenant.slug.rawValue) == ["globex"])
    #expect(fixture.listener.state.withLock { $0.uncertain } == ["acme"])
    #expect(fixture.store.unroutable.isEmpty)

    fixture.store.fail(nil)
    let outcomes = try await fixture.intake.accept(batch)
    #expect(outcomes[0] == [.stored])
    #expect(outcomes[1] == [.duplicate])
    #expect(fixture.store.unroutable.count == 1)
  }

  @Test("tenants run beside each other, but no more than allowed")
  func concurrency() async throws {
    let names = Set((0..<20).map { "tenant-\($0)" })
    let fixture = IntakeFixture(tenants: names)
    fixture.store.closeGate()
    let batch = names.map { Fixture.message(Fixture.reading($0)) }
    async let outcomes = fixture.intake.accept(batch)
    while fixture.store.waiting < 4 { await Task.yield() }
    fixture.store.openGate()
    #expect(try await outcomes.joined().allSatisfy { $0 == .stored })
    #expect(fixture.store.state.withLock { $0.maxRunning } == 4)
  }

  @Test("a point that the database refuses for good is set aside, alone")
  func poison() async throws {
    let fixture = IntakeFixture()
    fixture.store.fail { batch in
      batch.readings.contains { $0.value == 66 } ? .failed(sqlState: "22021", "no") : nil
    }
    let batch = (0..<1_000).map { index in
      Fixture.message(Fixture.reading(value: index == 617 ? 66 : 20, secondsAgo: Int64(index)))
    }
    let outcomes = try await fixture.intake.accept(batch)
    for (index, outcome) in outcomes.enumerated() where index != 617 {
      #expect(outcome == [.stored])
    }
    #expect(fixture.store.unroutable.map(\.refusal.reason) == [.storeFailed])
    #expect(outcomes[617] == [.quarantined(fixture.store.unroutable[0].refusal)])
    #expect(fixture.store.state.withLock { $0.attempts } <= 30)
  }

  @Test(
    "a tenant whose schema is broken costs a bounded number of transactions, and nobody's points")
  func brokenSchema() async throws {
    var limits = IngestLimits()
    limits.maxIsolationCommits = 8
    let fixture = IntakeFixture(limits: limits)
    fixture.store.fail {
      $0.tenant.slug.rawValue == "acme" ? .failed(sqlState: "42P01", "no table") : nil
    }
    let batch = (0..<500).map { index in
      Fixture.message(
        Fixture.reading(index % 2 == 0 ? "acme" : "globex", secondsAgo: Int64(index)))
    }
    let outcomes = try await fixture.intake.accept(batch)
    #expect(outcomes.joined().filter { $0 == .stored }.count == 250)
    #expect(fixture.store.unroutable.count == 250)
    // The budget, the ones begun when it ran out (one per level of halving), and globex's own.
    #expect(fixture.store.state.withLock { $0.attempts } <= 8 + 9 + 1)
  }

  @Test("a caller hears of a database that refuses for good")
  func failedCall() async throws {
    let fixture = IntakeFixture()
    fixture.store.fail { _ in .failed(sqlState: "42P01", "no table") }
    await #expect(throws: StoreError.failed(sqlState: "42P01", "no table")) {
      try await fixture.intake.accept([
        Delivery(points: [Fixture.reading(), Fixture.reading(sensor: "s1")], source: .call)
      ])
    }
    #expect(fixture.store.unroutable.isEmpty)
  }

  @Test("a large message of bad points is quarantined once, not once a point")
  func quarantineSize() async throws {
    var limits = IngestLimits()
    limits.maxQuarantineBytesPerMessage = 30
    let fixture = IntakeFixture(limits: limits)
    let bad = Fixture.reading(value: 1_000)
    func payloads(_ count: Int) async throws -> [Int] {
      let before = fixture.store.quarantined("acme").count
      _ = try await fixture.intake.accept([
        Delivery(
          points: Array(repeating: bad, count: count),
          source: .mqtt(topic: "t", payload: Array(repeating: 7, count: 10)))
      ])
      return fixture.store.quarantined("acme").dropFirst(before).map(\.payload.count)
    }
    #expect(try await payloads(2) == [10, 10])
    #expect(try await payloads(3) == [10, 10, 10])
    #expect(try await payloads(4) == [10, 0, 0, 0])
  }
}
