// SPDX-License-Identifier: Apache-2.0

import Domain

/// Whose turn it is, without clock and tasks: what has waited longest goes first, a tenant has one turn at a
/// time, and who has more to do goes to the end of the line after each turn. Who had nothing to do rests twice as
/// long each time, until something of the tenant changes, or the time comes that the turn named.
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
    /// - isQuiet: nothing was done, nor could be.
    /// - nextWithin: when there will be something to do though nothing changes; nil: never.
    case done(hasMore: Bool, isQuiet: Bool = false, nextWithin: Duration? = nil)
    case failed
  }

  private struct Entry {
    var tenant: Tenant
    var due: Instant
    var failures = 0
    /// Turns in a row that had nothing to do, since the tenant changed.
    var quietTurns = 0
    /// When the entry got in line: decides between those that are due at the same instant.
    var line = 0
    /// When the last turn ended; nil: none has.
    var rested: Instant?
    var isRunning = false
    /// The tenant changed while the turn ran, which may not have seen it.
    var hasChanged = false
    /// Of its place in the line: older places do not count.
    var place = 0
  }

  /// How long to wait after the first failure; doubled with each further one.
  private static let firstPause: Duration = .seconds(10)
  private static let longestPause: Duration = .seconds(600)

  /// One per job: how long it rests after everything was done.
  private let intervals: [Duration]
  /// Longest rest of jobs that have nothing to do, unless their interval is longer.
  private let longestRest: Duration
  private var entries: [Key: Entry] = [:]
  private var line = Line()
  /// Tenants in whose schema a turn runs.
  private var busy: Set<Int64> = []
  private var turns = 0

  init(intervals: [Duration], longestRest: Duration = .seconds(1_800)) {
    self.intervals = intervals
    self.longestRest = longestRest
  }

  /// New tenants are due at once, those that are gone are forgotten.
  mutating func update(_ tenants: [Tenant], at now: Instant) {
    let known = Set(tenants.map(\.id))
    if entries.contains(where: { !known.contains($0.key.tenant) }) {
      entries = entries.filter { known.contains($0.key.tenant) }
    }
    for tenant in tenants {
      for job in intervals.indices {
        let key = Key(tenant: tenant.id, job: job)
        if entries[key] != nil {
          entries[key]?.tenant = tenant
        } else {
          put(Entry(tenant: tenant, due: now), at: key)
        }
      }
    }
  }

  /// Something of a tenant is not what it was: its jobs rest no longer than their intervals.
  mutating func changed(_ tenant: Int64, at now: Instant) {
    for job in intervals.indices {
      let key = Key(tenant: tenant, job: job)
      guard var entry = entries[key], entry.failures == 0 else { continue }
      entry.quietTurns = 0
      if entry.isRunning {
        entry.hasChanged = true
        entries[key] = entry
        continue
      }
      let earliest = max(now, entry.rested.map { $0 + intervals[job] } ?? now)
      if earliest < entry.due {
        entry.due = earliest
        put(entry, at: key)
      } else {
        entries[key] = entry
      }
    }
  }

  mutating func next(at now: Instant) -> Next {
    var passed: [Line.Place] = []
    defer { for place in passed { line.insert(place) } }
    while let first = line.first {
      guard let entry = entries[first.key], entry.place == first.number else {
        line.removeFirst()
        continue
      }
      if busy.contains(first.key.tenant) {
        passed.append(first)
        line.removeFirst()
        continue
      }
      guard entry.due <= now else { return .wait(until: entry.due) }
      line.removeFirst()
      busy.insert(first.key.tenant)
      entries[first.key]?.isRunning = true
      return .turn(first.key, entry.tenant)
    }
    return .wait(until: nil)
  }

  /// For how long the first in line has been due; zero when nobody is.
  func overdue(at now: Instant) -> Duration {
    guard let first = line.first else { return .zero }
    return max(.zero, first.due.duration(to: now))
  }

  mutating func finished(_ key: Key, _ outcome: Outcome, at now: Instant) {
    busy.remove(key.tenant)
    guard var entry = entries[key] else { return }
    turns += 1
    entry.line = turns
    entry.isRunning = false
    entry.rested = now
    switch outcome {
    case .done(let hasMore, let isQuiet, let nextWithin):
      entry.failures = 0
      entry.quietTurns = isQuiet && !entry.hasChanged ? entry.quietTurns + 1 : 0
      let interval = intervals[key.job]
      var rest = rest(of: interval, after: entry.quietTurns)
      if let nextWithin { rest = min(rest, max(interval, nextWithin)) }
      entry.due = hasMore ? now : now + rest
    case .failed:
      entry.due = now + min(Self.longestPause, Self.firstPause * (1 << min(entry.failures, 10)))
      entry.failures += 1
    }
    entry.hasChanged = false
    put(entry, at: key)
  }

  private func rest(of interval: Duration, after quietTurns: Int) -> Duration {
    min(max(interval, longestRest), interval * (1 << min(max(0, quietTurns - 1), 10)))
  }

  /// Gives an entry its place in the line; it loses the one that it had.
  private mutating func put(_ entry: Entry, at key: Key) {
    var entry = entry
    entry.place += 1
    entries[key] = entry
    line.insert(Line.Place(due: entry.due, line: entry.line, key: key, number: entry.place))
    // Places that do not count any more; there are few, unless tenants change all the time.
    if line.count > 2 * entries.count + 64 {
      line = Line(
        entries.lazy.filter { !$0.value.isRunning }.map { key, entry in
          Line.Place(due: entry.due, line: entry.line, key: key, number: entry.place)
        })
    }
  }
}

/// A binary heap: who is due first is found at once, among thousands.
private struct Line {
  struct Place: Comparable {
    let due: ContinuousClock.Instant
    let line: Int
    let key: JobSchedule.Key
    let number: Int

    /// The ids come last, so that the order is always the same.
    static func < (left: Place, right: Place) -> Bool {
      (left.due, left.line, left.key.tenant, left.key.job, left.number)
        < (right.due, right.line, right.key.tenant, right.key.job, right.number)
    }
  }

  private var places: [Place] = []

  init() {}

  /// - Parameter places: in any order.
  init(_ places: some Sequence<Place>) {
    // What is sorted is a heap.
    self.places = places.sorted()
  }

  var count: Int { places.count }
  var first: Place? { places.first }

  mutating func insert(_ place: Place) {
    places.append(place)
    var child = places.count - 1
    while child > 0, places[child] < places[(child - 1) / 2] {
      places.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() {
    guard let last = places.popLast(), !places.isEmpty else { return }
    places[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < places.count && places[child] < places[least] {
        least = child
      }
      guard least != parent else { return }
      places.swapAt(least, parent)
      parent = least
    }
  }
}
