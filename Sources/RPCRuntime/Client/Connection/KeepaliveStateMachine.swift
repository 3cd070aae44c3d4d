// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When to ask the peer whether it is there, and when to believe that it is not (gRPC A8).
struct KeepaliveStateMachine {
  enum Step: Hashable {
    case look(after: TimeAmount)
    case ping(lookAfter: TimeAmount)
    case close
  }

  private let time: TimeAmount
  private let timeout: TimeAmount
  private let permitWithoutCalls: Bool
  private var lastRead: NIODeadline
  private var pinged: NIODeadline?

  init(_ keepalive: ClientKeepalive, at now: NIODeadline) {
    time = TimeAmount(keepalive.time)
    timeout = TimeAmount(keepalive.timeout)
    permitWithoutCalls = keepalive.permitWithoutCalls
    lastRead = now
  }

  /// Anything from the peer is a sign of life.
  mutating func received(at now: NIODeadline) {
    lastRead = now
    pinged = nil
  }

  mutating func timerFired(hasCalls: Bool, at now: NIODeadline) -> Step {
    if let pinged {
      let left = pinged + timeout - now
      return left <= .zero ? .close : .look(after: left)
    }
    let left = lastRead + time - now
    guard left <= .zero else { return .look(after: left) }
    guard hasCalls || permitWithoutCalls else { return .look(after: time) }
    pinged = now
    return .ping(lookAfter: min(timeout, time))
  }
}
