// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import RPCRuntime
import Services
import Synchronization
import TestSupport
import Testing

@Suite("The job runner", .timeLimit(.minutes(5)))
struct JobRunnerTests {
  /// Counts its turns; does not come back for the tenants in `stuck` until it is cancelled.
  private final class MemoryJob: TenantJob {
    let name = "memory"
    let interval = Duration.milliseconds(1)
    let deletesData = false
    let stuck: Set<Int64>
    let failing: Set<Int64>
    let turns = Mutex<[Int64: Int]>([:])
    let atOnce = Mutex((now: 0, most: 0))
    let cancelled = Mutex(0)

    init(stuck: Set<Int64> = [], failing: Set<Int64> = []) {
      self.stuck = stuck
      self.failing = failing
    }

    func run(for tenant: Tenant) async throws(StoreError) -> JobTurn {
      turns.withLock { $0[tenant.id, default: 0] += 1 }
      atOnce.withLock { counts in
        counts.now += 1
        counts.most = max(counts.most, counts.now)
      }
      defer { atOnce.withLock { $0.now -= 1 } }
      if failing.contains(tenant.id) { throw .unavailable("down") }
      if stuck.contains(tenant.id) {
        try? await Task.sleep(for: .seconds(3_600))
        cancelled.withLock { $0 += 1 }
        throw .cancelled
      }
      await Task.yield()
      return JobTurn(counts: ["things": 1], hasMore: true)
    }

    func least(of tenants: [Tenant]) -> Int {
      turns.withLock { turns in tenants.map { turns[$0.id] ?? 0 }.min() ?? 0 }
    }
  }

  private static let tenants = (1...8).map { Tenant.sample(Int64($0), "t\($0)") }

  private func run(
    _ job: MemoryJob, settings: JobRunner.Settings = JobRunner.Settings(),
    until isDone: @escaping () -> Bool
  ) async throws {
    let runner = JobRunner(
      jobs: [job], tenants: { () async throws(StoreError) in Self.tenants }, settings: settings,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let task = Task { await runner.run() }
    try await eventually("the turns were taken") { isDone() }
    task.cancel()
    await task.value
  }

  @Test("a tenant whose turn never ends delays nobody else")
  func stuck() async throws {
    let job = MemoryJob(stuck: [7])
    let others = Self.tenants.filter { $0.id != 7 }
    try await run(job) { job.least(of: others) >= 2 }
    #expect(job.least(of: others) >= 2)
    #expect(job.turns.withLock { $0[7] } == 1)
    #expect(job.cancelled.withLock { $0 } == 1, "stopping cancels the turn and waits for it")
  }

  @Test("a tenant that fails delays nobody else and is left alone for a while")
  func failing() async throws {
    let job = MemoryJob(failing: [7])
    let others = Self.tenants.filter { $0.id != 7 }
    try await run(job) { job.least(of: others) >= 2 }
    #expect(job.turns.withLock { $0[7] } == 1)
  }

  @Test("no more turns run at the same time than are allowed", arguments: [1, 3])
  func bounded(turns: Int) async throws {
    var settings = JobRunner.Settings()
    settings.turns = turns
    let job = MemoryJob()
    try await run(job, settings: settings) { job.least(of: Self.tenants) >= 2 }
    #expect(job.atOnce.withLock { $0.most } <= turns)
  }

  @Test("a turn that takes too long is cancelled")
  func tooLong() async throws {
    var settings = JobRunner.Settings()
    settings.turns = 1
    settings.longestTurn = .milliseconds(5)
    let job = MemoryJob(stuck: [1])
    try await run(job, settings: settings) { job.least(of: Self.tenants) >= 1 }
    #expect(job.cancelled.withLock { $0 } >= 1)
  }

  /// Finds nothing to do, ever.
  private final class QuietJob: TenantJob {
    let name = "quiet"
    let interval = Duration.milliseconds(1)
    let deletesData = false
    let turns = Mutex<[Int64: Int]>([:])

    func run(for tenant: Tenant) async throws(StoreError) -> JobTurn {
      turns.withLock { $0[tenant.id, default: 0] += 1 }
      return JobTurn()
    }
  }

  @Test("a tenant that changed is looked at again soon, the others rest, and all is counted")
  func changes() async throws {
    var settings = JobRunner.Settings()
    settings.idle = .milliseconds(1)
    settings.longestRest = .seconds(3_600)
    let job = QuietJob()
    let runner = JobRunner(
      jobs: [job], tenants: { () async throws(StoreError) in Self.tenants }, settings: settings,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let task = Task { await runner.run() }
    // Rests are 1 s and longer after the eleventh turn.
    try await eventually("all rest") {
      job.turns.withLock { turns in Self.tenants.allSatisfy { turns[$0.id] ?? 0 >= 10 } }
    }
    try await eventually("the one that changed has many turns more than the others") {
      runner.commitUncertain(for: Self.tenants[2])
      return job.turns.withLock { turns in
        turns[3] ?? 0 >= 20 + Self.tenants.map { turns[$0.id] ?? 0 }.min()!
      }
    }
    task.cancel()
    await task.value
    let tally = runner.statistics[0].tally
    #expect(runner.statistics[0].job == "quiet")
    #expect(tally.quiet == job.turns.withLock { $0.values.reduce(0, +) })
    #expect(tally.worked == 0 && tally.failed == 0 && tally.duration > .zero)
  }

  @Test("calls that may change something are noted, those that read are not")
  func notes() {
    let runner = JobRunner(
      jobs: [QuietJob()], tenants: { () async throws(StoreError) in [] },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let notes = ChangeNotes(for: runner)
    for (name, isNoted) in [
      ("ListDevices", false), ("GetDevice", false), ("CreateDevice", true), ("UpdateDevice", true),
      ("DeleteDevice", true), ("ArchiveDevice", true), ("Nonsense", false),
    ] {
      let method = MethodDescriptor(
        service: "traksense.v1.DeviceService", method: name, kind: .unary)
      #expect((notes.prepared(for: method) != nil) == isNoted, "\(name)")
    }
  }
}
