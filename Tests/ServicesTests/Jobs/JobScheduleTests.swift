// SPDX-License-Identifier: Apache-2.0

import Domain
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
}
