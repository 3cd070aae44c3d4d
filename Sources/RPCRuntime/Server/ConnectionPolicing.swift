// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Weighs what a peer costs against what it gets done (CVE-2023-44487, CVE-2025-8671, CVE-2019-9512 to
/// 9518). Time comes in as an argument.
struct ConnectionPolicing {
  private static let idleFramesPerStream = 100
  private static let idleFramesPerData = 10

  private let minPingInterval: TimeAmount
  private let minPingIntervalWithoutCalls: TimeAmount
  private let maxPingStrikes: Int
  private var resets: TokenBucket
  private var idleFrames: TokenBucket
  private var newResets = 0
  private var usefulFrames = 0
  private var seenIdleFrames = 0
  private var seenDataFrames = 0
  private var pingStrikes = 0
  private var lastPing: (at: NIODeadline, answersSent: Int)?

  init(_ limits: ServerLimits, at now: NIODeadline) {
    minPingInterval = limits.minPingInterval
    minPingIntervalWithoutCalls = limits.minPingIntervalWithoutCalls
    maxPingStrikes = limits.maxPingStrikes
    resets = TokenBucket(burst: limits.resetBurst, perSecond: limits.resetsPerSecond, at: now)
    idleFrames = TokenBucket(
      burst: limits.idleFrameBurst, perSecond: limits.idleFramesPerSecond, at: now)
  }

  mutating func streamOpened() {
    idleFrames.give(Self.idleFramesPerStream)
  }

  mutating func streamReset() {
    newResets += 1
  }

  /// A small DATA frame completed a message of a request stream: that is what it was for.
  mutating func receivedMessage() {
    usefulFrames += 1
  }

  /// - Parameters:
  ///   - answersSent: HEADERS and DATA sent. Some in between forgive: clients probe the bandwidth with PINGs
  ///     then.
  ///   - hasCalls: whether there are open streams.
  /// - Returns: true when there were too many PINGs for nothing (gRFC A8).
  mutating func receivedPing(answersSent: Int, hasCalls: Bool, at now: NIODeadline) -> Bool {
    defer { lastPing = (now, answersSent) }
    guard let lastPing else { return false }
    if answersSent != lastPing.answersSent {
      pingStrikes = 0
    } else if now - lastPing.at < (hasCalls ? minPingInterval : minPingIntervalWithoutCalls) {
      pingStrikes += 1
    }
    return pingStrikes > maxPingStrikes
  }

  /// Called once per burst of received bytes.
  /// - Returns: what the peer does too much of.
  mutating func check(_ session: borrowing HTTP2Session, at now: NIODeadline) -> String? {
    let idle = session.idleFramesReceived
    let data = session.dataFramesSent
    idleFrames.give((data - seenDataFrames) * Self.idleFramesPerData)
    seenDataFrames = data
    let newIdle = idle - seenIdleFrames - usefulFrames
    seenIdleFrames = idle
    usefulFrames = 0
    if newResets > 0 {
      let allowed = resets.take(newResets, at: now)
      newResets = 0
      if !allowed { return "too many stream resets" }
    }
    if newIdle > 0, !idleFrames.take(newIdle, at: now) {
      return "too many frames without effect"
    }
    return nil
  }
}
