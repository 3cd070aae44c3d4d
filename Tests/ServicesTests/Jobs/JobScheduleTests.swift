// SPDX-License-Identifier: Apache-2.0

import Domain
import TestSupport
import Testing

@testable import Services

@Suite("The order of jobs")
struct JobScheduleTests {
  private let start = ContinuousClock.now
  private let tenants = (1...3).map { Tenant.sample(Int64($0), "t\($0)") }

  private func turn(_ next: JobSchedule.Next) throws -> JobSchedule.Key {
    guard case .turn(let key, _) = next else {
      throw Expectation.noTurn
    }
    return key
  }

  private enum Expectation: Error { case noTurn }

  @Test("everybody has a turn before anybody has a second one, however much they have to do")
  func roundRobin() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)])
    schedule.update(tenants, at: start)
    var order: [Int64] = []
    for number in 0..<9 {
      let now = start + .seconds(number)
      let key = try turn(schedule.next(at: now))
      order.append(key.tenant)
      schedule.finished(key, .done(hasMore: true), at: now)
    }
    #expect(order == [1, 2, 3, 1, 2, 3, 1, 2, 3])
  }

  @Test("a tenant has one turn at a time, and the others go on meanwhile")
  func oneAtATime() throws {
    var schedule = JobSchedule(intervals: [.seconds(60), .seconds(60)])
    schedule.update(tenants, at: start)
    let slow = try turn(schedule.next(at: start))
    for _ in 0..<4 {
      let key = try turn(schedule.next(at: start))
      #expect(key.tenant != slow.tenant)
      schedule.finished(key, .done(hasMore: false), at: start)
    }
    #expect(schedule.next(at: start) == .wait(until: start + .seconds(60)))
    schedule.finished(slow, .done(hasMore: false), at: start)
    #expect(try turn(schedule.next(at: start)) == .init(tenant: slow.tenant, job: 1))
  }

  @Test("who is done rests for the job's interval")
  func rests() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)])
    schedule.update([tenants[0]], at: start)
    schedule.finished(try turn(schedule.next(at: start)), .done(hasMore: false), at: start)
    #expect(schedule.next(at: start + .seconds(59)) == .wait(until: start + .seconds(60)))
    _ = try turn(schedule.next(at: start + .seconds(60)))
    #expect(schedule.next(at: start + .seconds(60)) == .wait(until: nil))
  }

  @Test(
    "who fails is tried again after pauses that grow to ten minutes, and start anew after a success"
  )
  func failures() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)])
    schedule.update([tenants[0]], at: start)
    var now = start
    for pause in [10, 20, 40, 80, 160, 320, 600, 600] {
      schedule.finished(try turn(schedule.next(at: now)), .failed, at: now)
      #expect(schedule.next(at: now) == .wait(until: now + .seconds(pause)))
      now += .seconds(pause)
    }
    schedule.finished(try turn(schedule.next(at: now)), .done(hasMore: true), at: now)
    schedule.finished(try turn(schedule.next(at: now)), .failed, at: now)
    #expect(schedule.next(at: now) == .wait(until: now + .seconds(10)))
  }

  @Test("tenants come and go")
  func tenantsChange() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)])
    #expect(schedule.next(at: start) == .wait(until: nil))
    schedule.update([tenants[0]], at: start)
    let key = try turn(schedule.next(at: start))
    schedule.update([tenants[1]], at: start)
    schedule.finished(key, .done(hasMore: true), at: start)
    let other = try turn(schedule.next(at: start))
    #expect(other.tenant == 2)
    // Known already: neither due again nor forgotten.
    schedule.finished(other, .done(hasMore: false), at: start)
    schedule.update([tenants[1]], at: start + .seconds(1))
    #expect(schedule.next(at: start + .seconds(1)) == .wait(until: start + .seconds(60)))
  }

  @Test("who finds nothing to do rests twice as long each time, up to the longest rest")
  func quiet() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)], longestRest: .seconds(300))
    schedule.update([tenants[0]], at: start)
    var now = start
    for rest in [60, 120, 240, 300, 300] {
      let key = try turn(schedule.next(at: now))
      schedule.finished(key, .done(hasMore: false, isQuiet: true), at: now)
      #expect(schedule.next(at: now) == .wait(until: now + .seconds(rest)))
      now += .seconds(rest)
    }
    // Something was there after all.
    schedule.finished(try turn(schedule.next(at: now)), .done(hasMore: false), at: now)
    #expect(schedule.next(at: now) == .wait(until: now + .seconds(60)))
  }

  @Test("a rest ends when time alone makes work, but not before the interval is over")
  func nextWithin() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)], longestRest: .seconds(900))
    schedule.update([tenants[0]], at: start)
    var now = start
    for (within, rest) in [(1, 60), (100, 100), (59, 60), (300, 300), (5_000, 900)] {
      let key = try turn(schedule.next(at: now))
      let outcome = JobSchedule.Outcome.done(
        hasMore: false, isQuiet: true, nextWithin: .seconds(within))
      schedule.finished(key, outcome, at: now)
      #expect(schedule.next(at: now) == .wait(until: now + .seconds(rest)))
      now += .seconds(rest)
    }
  }

  @Test("an interval that is longer than the longest rest stays as it is")
  func longInterval() throws {
    var schedule = JobSchedule(intervals: [.seconds(3_600)], longestRest: .seconds(300))
    schedule.update([tenants[0]], at: start)
    for number in 0..<3 {
      let now = start + .seconds(number * 3_600)
      let key = try turn(schedule.next(at: now))
      schedule.finished(key, .done(hasMore: false, isQuiet: true), at: now)
      #expect(schedule.next(at: now) == .wait(until: now + .seconds(3_600)))
    }
  }

  @Test("a change ends a long rest, but not the one that the job's interval asks for")
  func change() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)], longestRest: .seconds(900))
    schedule.update([tenants[0], tenants[1]], at: start)
    var now = start
    for _ in 0..<4 {
      for _ in 0..<2 {
        let key = try turn(schedule.next(at: now))
        schedule.finished(key, .done(hasMore: false, isQuiet: true), at: now)
      }
      guard case .wait(let until?) = schedule.next(at: now) else { throw Expectation.noTurn }
      now = until
    }
    for _ in 0..<2 {
      let key = try turn(schedule.next(at: now))
      schedule.finished(key, .done(hasMore: false, isQuiet: true), at: now)
    }
    schedule.changed(1, at: now + .seconds(10))
    schedule.changed(99, at: now + .seconds(10))
    #expect(schedule.next(at: now + .seconds(10)) == .wait(until: now + .seconds(60)))
    schedule.changed(2, at: now + .seconds(100))
    let first = try turn(schedule.next(at: now + .seconds(100)))
    #expect(first.tenant == 1)
    schedule.finished(first, .done(hasMore: false, isQuiet: true), at: now + .seconds(100))
    #expect(try turn(schedule.next(at: now + .seconds(100))).tenant == 2)
    // Quiet again, and from the beginning.
    #expect(schedule.next(at: now + .seconds(100)) == .wait(until: now + .seconds(160)))
  }

  @Test("a change while the turn runs is looked at after the job's interval")
  func changeMeanwhile() throws {
    var schedule = JobSchedule(intervals: [.seconds(60)], longestRest: .seconds(900))
    schedule.update([tenants[0]], at: start)
    var now = start
    for rest in [60, 120, 240] {
      schedule.finished(
        try turn(schedule.next(at: now)), .done(hasMore: false, isQuiet: true), at: now)
      now += .seconds(rest)
    }
    let key = try turn(schedule.next(at: now))
    schedule.changed(1, at: now)
    schedule.finished(key, .done(hasMore: false, isQuiet: true), at: now)
    #expect(schedule.next(at: now) == .wait(until: now + .seconds(60)))
  }

  @Test("a change does not shorten the pause after a failure")
  func changeAfterFailure() throws {
    var schedule = JobSchedule(intervals: [.seconds(1)])
    schedule.update([tenants[0]], at: start)
    schedule.finished(try turn(schedule.next(at: start)), .failed, at: start)
    schedule.changed(1, at: start + .seconds(5))
    #expect(schedule.next(at: start + .seconds(5)) == .wait(until: start + .seconds(10)))
  }

  @Test("whatever happens, the turn is that of the one who was due first", arguments: [1, 2, 3])
  func againstTable(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let tenants = (1...40).map { Tenant.sample(Int64($0), "t\($0)") }
    let intervals: [Duration] = [.seconds(60), .seconds(150)]
    var schedule = JobSchedule(intervals: intervals, longestRest: .seconds(900))
    schedule.update(tenants, at: start)
    // What the schedule should know, as a plain table.
    var due: [JobSchedule.Key: ContinuousClock.Instant] = [:]
    for tenant in tenants {
      for job in intervals.indices { due[.init(tenant: tenant.id, job: job)] = start }
    }
    var running: [JobSchedule.Key] = []
    var now = start
    for _ in 0..<3_000 {
      now += .seconds(Int.random(in: 0..<3, using: &random))
      if running.count < 3 {
        let free = due.filter { one in !running.contains { $0.tenant == one.key.tenant } }
        switch schedule.next(at: now) {
        case .turn(let key, _):
          let mine = try #require(free[key])
          #expect(mine <= now)
          #expect(mine == free.values.min())
          due[key] = nil
          running.append(key)
        case .wait(let until):
          #expect(until == free.values.min())
          #expect(free.values.allSatisfy { $0 > now })
        }
      }
      if let key = running.randomElement(using: &random), Bool.random(using: &random) {
        running.removeAll { $0 == key }
        let hasMore = Bool.random(using: &random)
        schedule.finished(key, .done(hasMore: hasMore), at: now)
        due[key] = hasMore ? now : now + intervals[key.job]
      }
    }
    #expect(schedule.overdue(at: now) >= .zero)
  }
}
