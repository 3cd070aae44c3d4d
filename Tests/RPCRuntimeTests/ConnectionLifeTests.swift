// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("When a connection ends")
struct ConnectionLifeTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000)

  private func life(
    jitter: Double = 1, _ change: (inout ServerLimits) -> Void = { _ in }
  ) -> ConnectionLife {
    var limits = ServerLimits()
    limits.keepaliveTime = .seconds(100)
    limits.keepaliveTimeout = .seconds(20)
    limits.drainGrace = .seconds(7)
    limits.maxConnectionAgeGrace = .seconds(9)
    change(&limits)
    return ConnectionLife(limits, jitter: jitter, at: start)
  }

  @Test("a silent peer is asked, and given up when it stays silent")
  func silence() {
    var life = life()
    #expect(life.nextLook(after: start) == start + .seconds(100))
    #expect(life.look(at: start + .seconds(99)) == .nothing)
    #expect(life.look(at: start + .seconds(100)) == .ping)
    #expect(life.nextLook(after: start) == start + .seconds(120))
    #expect(life.look(at: start + .seconds(119)) == .nothing)
    #expect(
      life.look(at: start + .seconds(120)) == .close(reason: "no answer to a keepalive PING"))
    #expect(life.look(at: start + .seconds(121)) == .nothing)
    #expect(life.nextLook(after: start) == .distantFuture)
  }

  @Test("whatever a peer sends shows that it is there")
  func answer() {
    var life = life()
    #expect(life.look(at: start + .seconds(100)) == .ping)
    life.received(at: start + .seconds(119))
    #expect(life.look(at: start + .seconds(120)) == .nothing)
    #expect(life.nextLook(after: start) == start + .seconds(219))
    #expect(life.look(at: start + .seconds(219)) == .ping)
  }

  @Test("a connection without calls is drained")
  func idle() {
    var life = life { $0.maxConnectionIdle = .seconds(30) }
    life.streamOpened()
    #expect(life.look(at: start + .seconds(50)) == .nothing)
    // Never later than one interval ahead, so that becoming idle moves no timer.
    #expect(life.nextLook(after: start + .seconds(50)) == start + .seconds(80))
    life.becameIdle(at: start + .seconds(60))
    #expect(life.look(at: start + .seconds(89)) == .nothing)
    #expect(
      life.look(at: start + .seconds(90)) == .drain(grace: .seconds(7), reason: "idle"))
    life.drains(grace: .seconds(7), at: start + .seconds(90))
    #expect(life.look(at: start + .seconds(91)) == .nothing)
    #expect(life.nextLook(after: start + .seconds(91)) == start + .seconds(97))
  }

  @Test("an old connection is drained, its calls ended after the grace, and then closed")
  func age() {
    var life = life(jitter: 0.5) { $0.maxConnectionAge = .seconds(80) }
    life.streamOpened()
    #expect(life.look(at: start + .seconds(39)) == .nothing)
    #expect(
      life.look(at: start + .seconds(40)) == .drain(grace: .seconds(9), reason: "greatest age"))
    life.drains(grace: .seconds(9), at: start + .seconds(40))
    #expect(life.look(at: start + .seconds(48)) == .nothing)
    #expect(life.look(at: start + .seconds(49)) == .endCalls)
    #expect(life.look(at: start + .milliseconds(49_999)) == .nothing)
    #expect(
      life.look(at: start + .seconds(50)) == .close(reason: "calls were not read to their end"))
  }

  @Test("the shortest grace counts", arguments: [(5, 3, 3), (3, 5, 3), (20, 7, 7)])
  func grace(first: Int64, second: Int64, counts: Int64) {
    var life = life()
    life.drains(grace: .seconds(first), at: start)
    life.drains(grace: .seconds(second), at: start)
    #expect(life.nextLook(after: start) == start + .seconds(counts))
    #expect(life.look(at: start + .seconds(counts)) == .endCalls)
  }
}
