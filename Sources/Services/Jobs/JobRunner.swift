// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Logging
import Synchronization

/// Gives every tenant's jobs their turns: a bounded number at the same time, so that a tenant whose turn
/// takes long delays nobody but itself. Any number of nodes may run it over the same tenants; the jobs see to
/// it that only one of them works on a tenant.
package final class JobRunner: Sendable {
  package struct Settings: Hashable, Sendable {
    /// Turns that run at the same time. Default 2: a connection of the pool each.
    package var turns = 2
    /// How often the list of tenants is read. Default 30 s.
    package var tenantInterval: Duration = .seconds(30)
    /// Longest that a turn may take; then it is cancelled. Default 5 minutes.
    package var longestTurn: Duration = .seconds(300)
    /// How often somebody without work looks again. Default 1 s.
    package var idle: Duration = .seconds(1)

    package init() {}
  }

  /// The jobs' tenants; suspended ones too, whose data still ages.
  package typealias TenantList = @Sendable () async throws(StoreError) -> [Tenant]

  private let jobs: [any TenantJob]
  private let tenants: TenantList
  private let settings: Settings
  private let logger: Logger
  private let schedule: Mutex<JobSchedule>

  package init(
    jobs: [any TenantJob], tenants: @escaping TenantList, settings: Settings = Settings(),
    logger: Logger
  ) {
    self.jobs = jobs
    self.tenants = tenants
    self.settings = settings
    self.logger = logger
    schedule = Mutex(JobSchedule(intervals: jobs.map(\.interval)))
  }

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
      switch schedule.withLock({ $0.next(at: .now) }) {
      case .turn(let key, let tenant):
        let outcome = await turn(of: jobs[key.job], for: tenant)
        schedule.withLock { $0.finished(key, outcome, at: .now) }
      case .wait(let due):
        await pause(
          min(settings.idle, due.map { ContinuousClock.now.duration(to: $0) } ?? settings.idle))
      }
    }
  }

  private func turn(of job: any TenantJob, for tenant: Tenant) async -> JobSchedule.Outcome {
    let longest = settings.longestTurn
    let result = await withTaskGroup(of: Result<JobTurn, StoreError>?.self) { group in
      group.addTask {
        do throws(StoreError) {
          return .success(try await job.run(for: tenant))
        } catch {
          return .failure(error)
        }
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
      return .done(hasMore: turn.hasMore)
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
