// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When a connection is asked whether its peer is still there, and when it has to end (gRFC A8, A9). Time
/// comes in as an argument; whoever holds this looks at ``nextLook(after:)`` and does what it says.
struct ConnectionLife {
  enum Step: Equatable {
    case nothing
    /// Send a PING.
    case ping
    /// Take no new calls and let those that run end.
    case drain(grace: TimeAmount, reason: String)
    /// The grace is over: end the calls.
    case endCalls
    case close(reason: String)
  }

  /// How long the last answers may take to leave after ``Step/endCalls``.
  private static let lastAnswers = TimeAmount.seconds(1)

  private let keepaliveTime: TimeAmount
  private let keepaliveTimeout: TimeAmount
  private let maxIdle: TimeAmount?
  private let idleGrace: TimeAmount
  private let ageGrace: TimeAmount
  private var lastRead: NIODeadline
  private var pingSent: NIODeadline?
  private var idleSince: NIODeadline?
  private var ageEnd: NIODeadline?
  private var isDraining = false
  private var graceEnd: NIODeadline?
  private var closing: NIODeadline?
  private var isOver = false

  /// - Parameter jitter: factor of the greatest age, so that connections made at once do not end at once.
  init(_ limits: ServerLimits, jitter: Double, at now: NIODeadline) {
    keepaliveTime = limits.keepaliveTime
    keepaliveTimeout = limits.keepaliveTimeout
    maxIdle = limits.maxConnectionIdle
    idleGrace = limits.drainGrace
    ageGrace = limits.maxConnectionAgeGrace
    lastRead = now
    idleSince = now
    ageEnd = limits.maxConnectionAge.map {
      now + .nanoseconds(Int64(Double($0.nanoseconds) * jitter))
    }
  }

  /// False where nobody needs to be told of ``becameIdle(at:)``.
  var watchesIdleness: Bool { maxIdle != nil }

  /// Whatever the peer sends shows that it is there.
  mutating func received(at now: NIODeadline) {
    lastRead = now
    pingSent = nil
  }

  mutating func streamOpened() {
    idleSince = nil
  }

  /// The last stream has ended.
  mutating func becameIdle(at now: NIODeadline) {
    idleSince = now
  }

  /// - Parameter grace: how long running calls may go on; the shortest that was ever given counts.
  mutating func drains(grace: TimeAmount, at now: NIODeadline) {
    isDraining = true
    ageEnd = nil
    guard closing == nil else { return }
    graceEnd = min(graceEnd ?? .distantFuture, now + grace)
  }

  /// When ``look(at:)`` is due, whatever happens until then.
  func nextLook(after now: NIODeadline) -> NIODeadline {
    if isOver { return .distantFuture }
    var next = pingSent.map { $0 + keepaliveTimeout } ?? lastRead + keepaliveTime
    for end in [ageEnd, graceEnd, closing] {
      if let end { next = min(next, end) }
    }
    if let maxIdle, !isDraining { next = min(next, (idleSince ?? now) + maxIdle) }
    return next
  }

  /// - Returns: the one thing to do now; there may be more at once.
  mutating func look(at now: NIODeadline) -> Step {
    if isOver { return .nothing }
    if let closing, closing <= now {
      return over("calls were not read to their end")
    }
    if let graceEnd, graceEnd <= now {
      self.graceEnd = nil
      closing = now + Self.lastAnswers
      return .endCalls
    }
    if let pingSent, pingSent + keepaliveTimeout <= now {
      return over("no answer to a keepalive PING")
    }
    if pingSent == nil, lastRead + keepaliveTime <= now {
      pingSent = now
      return .ping
    }
    if let ageEnd, ageEnd <= now {
      self.ageEnd = nil
      return .drain(grace: ageGrace, reason: "greatest age")
    }
    if let maxIdle, let idleSince, !isDraining, idleSince + maxIdle <= now {
      return .drain(grace: idleGrace, reason: "idle")
    }
    return .nothing
  }

  private mutating func over(_ reason: String) -> Step {
    isOver = true
    return .close(reason: reason)
  }
}
