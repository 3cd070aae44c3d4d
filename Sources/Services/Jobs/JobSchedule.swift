// SPDX-License-Identifier: Apache-2.0

import Domain

/// Whose turn it is, without clock and tasks: what has waited longest goes first, a tenant has one turn at a
/// time, and who has more to do goes to the end of the line after each turn.
struct JobSchedule {
  typealias Instant = ContinuousClock.Instant

  /// A job of a tenant.
  struct Key: Hashable, Sendable {
    let tenant: Int64
    /// Position in the list of jobs.
    let job: Int
  }

  enum Next: Equatable {
    case turn(Key, Tenant)
    /// Nothing is due before this instant; nil: before some turn ends.
    case wait(until: Instant?)
  }

  /// How a turn ended.
  enum Outcome {
    case done(hasMore: Bool)
    case failed
  }

  private struct Entry {
    var tenant: Tenant
    var due: Instant
    var failures = 0
    /// When the entry got in line: decides between those that are due at the same instant.
    var line = 0
  }

  /// How long to wait after the first failure; doubled with each further one.
  private static let firstPause: Duration = .seconds(10)
  private static let longestPause: Duration = .seconds(600)

  /// One per job: how long it rests after everything was done.
  private let intervals: [Duration]
  private var entries: [Key: Entry] = [:]
  /// Tenants in whose schema a turn runs.
  private var busy: Set<Int64> = []
  private var turns = 0

  init(intervals: [Duration]) {
    self.intervals = intervals
  }

  /// New tenants are due at once, those that are gone are forgotten.
  mutating func update(_ tenants: [Tenant], at now: Instant) {
    let known = Set(tenants.map(\.id))
    entries = entries.filter { known.contains($0.key.tenant) }
    for tenant in tenants {
      for job in intervals.indices {
        entries[Key(tenant: tenant.id, job: job), default: Entry(tenant: tenant, due: now)]
          .tenant = tenant
      }
    }
  }

  mutating func next(at now: Instant) -> Next {
    let busyNow = busy
    let first = entries.lazy.filter { !busyNow.contains($0.key.tenant) }.min { left, right in
      // The ids come last, so that the order is always the same.
      (left.value.due, left.value.line, left.key.tenant, left.key.job)
        < (right.value.due, right.value.line, right.key.tenant, right.key.job)
    }
    guard let (key, entry) = first else { return .wait(until: nil) }
    guard entry.due <= now else { return .wait(until: entry.due) }
    busy.insert(key.tenant)
    return .turn(key, entry.tenant)
  }

  mutating func finished(_ key: Key, _ outcome: Outcome, at now: Instant) {
    busy.remove(key.tenant)
    guard var entry = entries[key] else { return }
    turns += 1
    entry.line = turns
    switch outcome {
    case .done(let hasMore):
      entry.failures = 0
      entry.due = hasMore ? now : now + intervals[key.job]
    case .failed:
      entry.due = now + min(Self.longestPause, Self.firstPause * (1 << min(entry.failures, 10)))
      entry.failures += 1
    }
    entries[key] = entry
  }
}
