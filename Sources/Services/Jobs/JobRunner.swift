// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Logging
import RPCRuntime
import Synchronization

/// Gives every tenant's jobs their turns: a bounded number at the same time, so that a tenant whose turn
/// takes long delays nobody but itself. Any number of nodes may run it over the same tenants; the jobs see to
/// it that only one of them works on a tenant. Tenants without work are looked at ever more seldom until
/// somebody says that they changed.
package final class JobRunner: CommitListener {
  package struct Settings: Hashable, Sendable {
    /// Turns that run at the same time. Default 2: a connection of the pool each.
    package var turns = 2
    /// How often the list of tenants is read. Default 30 s.
    package var tenantInterval: Duration = .seconds(30)
    /// Longest that a turn may take; then it is cancelled. Default 5 minutes.
    package var longestTurn: Duration = .seconds(300)
    /// How often somebody without work looks again. Default 1 s.
    package var idle: Duration = .seconds(1)
    /// Longest rest of a job that finds nothing to do: how late a change is seen that nobody told of, made by
    /// another node, for one, which then died, or by time alone. Default 30 minutes.
    package var longestRest: Duration = .seconds(1_800)

    package init() {}
  }

  /// The jobs' tenants; suspended ones too, whose data still ages.
  package typealias TenantList = @Sendable () async throws(StoreError) -> [Tenant]

  private let jobs: [any TenantJob]
  private let tenants: TenantList
  private let settings: Settings
  private let logger: Logger
  private let schedule: Mutex<JobSchedule>
  /// Tenants that changed since the last turn began.
  private let changed = Mutex<Set<Int64>>([])
  private let tallies: Mutex<[Tally]>

  /// What a job has done so far, of all tenants.
  package struct Tally: Hashable, Sendable {
    /// Turns that found something to do.
    package var worked = 0
    /// Turns that found nothing to do.
    package var quiet = 0
    package var failed = 0
    /// Time of all turns together.
    package var duration: Duration = .zero
  }

  package init(
    jobs: [any TenantJob], tenants: @escaping TenantList, settings: Settings = Settings(),
    logger: Logger
  ) {
    self.jobs = jobs
    self.tenants = tenants
    self.settings = settings
    self.logger = logger
    schedule = Mutex(
      JobSchedule(intervals: jobs.map(\.interval), longestRest: settings.longestRest))
    tallies = Mutex(jobs.map { _ in Tally() })
  }

  // MARK: What goes on

  /// In the order of the jobs.
  package var statistics: [(job: String, tally: Tally)] {
    zip(jobs, tallies.withLock { $0 }).map { ($0.name, $1) }
  }

  /// For how long the job that waits longest has been due.
  package var overdue: Duration { schedule.withLock { $0.overdue(at: .now) } }

  // MARK: Changes

  /// Something of a tenant changed that its jobs may have to look at.
  package func noteChange(of tenant: Int64) {
    changed.withLock { _ = $0.insert(tenant) }
  }

  package func committed(_ entry: JournalEntry, readings: [ValidReading], tenant: Tenant) {
    noteChange(of: tenant.id)
  }

  package func commitUncertain(for tenant: Tenant) {
    noteChange(of: tenant.id)
  }

  // MARK: Work

  /// Works until the task is cancelled.
  package func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.followTenants() }
      for _ in 0..<max(1, settings.turns) { group.addTask { await self.work() } }
    }
  }

  private func followTenants() async {
    while !Task.isCancelled {
      do throws(StoreError) {
        let list = try await tenants()
        schedule.withLock { $0.update(list, at: .now) }
      } catch {
        if error != .cancelled {
          logger.warning("the tenants cannot be listed", metadata: ["error": "\(error)"])
        }
      }
      await pause(settings.tenantInterval)
    }
  }

  private func work() async {
    while !Task.isCancelled {
      switch next() {
      case .turn(let key, let tenant):
        let begun = ContinuousClock.now
        let outcome = await turn(of: jobs[key.job], for: tenant)
        let ended = ContinuousClock.now
        tallies.withLock { $0[key.job].add(outcome, took: ended - begun) }
        schedule.withLock { $0.finished(key, outcome, at: ended) }
      case .wait(let due):
        await pause(
          min(settings.idle, due.map { ContinuousClock.now.duration(to: $0) } ?? settings.idle))
      }
    }
  }

  private func next() -> JobSchedule.Next {
    let tenants = changed.withLock { tenants in
      defer { tenants.removeAll(keepingCapacity: true) }
      return tenants
    }
    return schedule.withLock { schedule in
      for tenant in tenants { schedule.changed(tenant, at: .now) }
      return schedule.next(at: .now)
    }
  }

  private func turn(of job: any TenantJob, for tenant: Tenant) async -> JobSchedule.Outcome {
    let longest = settings.longestTurn
    let result = await withTaskGroup(of: Result<JobTurn, StoreError>?.self) { group in
      group.addTask {
        await Result { () async throws(StoreError) in try await job.run(for: tenant) }
      }
      group.addTask {
        // Cancelled when the turn ends first.
        try? await Task.sleep(for: longest)
        return nil
      }
      var result = await group.next() ?? nil
      group.cancelAll()
      // A turn that was cancelled still says how it ended.
      while let late = await group.next() { result = result ?? late }
      return result
    }
    let metadata: Logger.Metadata = ["job": "\(job.name)", "tenant": "\(tenant.slug)"]
    switch result {
    case .success(let turn):
      log(turn, of: job, metadata)
      return .done(
        hasMore: turn.hasMore, isQuiet: turn.counts.isEmpty && !turn.hasMore && !turn.isElsewhere,
        nextWithin: turn.nextWithin)
    case .failure(.cancelled) where Task.isCancelled:
      return .failed
    case .failure(let error):
      logger.warning("job failed", metadata: metadata.merging(["error": "\(error)"]) { $1 })
      return .failed
    case nil:
      return .failed
    }
  }

  /// What deletes data is on record.
  private func log(_ turn: JobTurn, of job: any TenantJob, _ metadata: Logger.Metadata) {
    guard !turn.counts.isEmpty else { return }
    let counts = turn.counts.mapValues { Logger.MetadataValue("\($0)") }
    logger.log(
      level: job.deletesData ? .notice : .debug, "job done",
      metadata: metadata.merging(counts) { $1 })
  }

  private func pause(_ duration: Duration) async {
    // Cancelled: the caller looks.
    try? await Task.sleep(for: max(.milliseconds(1), duration))
  }
}

extension JobRunner.Tally {
  fileprivate mutating func add(_ outcome: JobSchedule.Outcome, took time: Duration) {
    switch outcome {
    case .done(_, isQuiet: true, _): quiet += 1
    case .done: worked += 1
    case .failed: failed += 1
    }
    duration += time
  }
}
