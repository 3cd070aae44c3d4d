// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When to connect, to which of some addresses, and when to wait instead.
///
///     idle → connecting(0) → connecting(1) → … → pausing → connecting(0)
///              ↓                ↓                  ↑
///            ready ←────────────┘                  │
///              └──(lost)→ connecting, idle, or ────┘ when connections keep getting lost at once
struct SubchannelStateMachine {
  private enum State {
    case idle
    case connecting(address: Int)
    case pausing
    case ready(since: NIODeadline)
    case closed
  }

  enum Step: Hashable {
    case none
    case connect(address: Int, timeout: TimeAmount)
    /// Call ``pauseEnded(at:)`` after so long.
    case pause(TimeAmount)
  }

  private let addressCount: Int
  private let backoff: ConnectionBackoff
  private var state = State.idle
  /// In a row: passes over the addresses without a connection, and connections that came to nothing.
  private var failures = 0
  private var passBegan = NIODeadline.uptimeNanoseconds(0)
  /// True from a failed pass until there is a connection: calls need not wait meanwhile.
  private var isFailing = false

  init(addressCount: Int, backoff: ConnectionBackoff) {
    self.addressCount = addressCount
    self.backoff = backoff
  }

  var connectivity: ConnectivityState {
    switch state {
    case .idle: .idle
    case .connecting, .pausing: isFailing ? .transientFailure : .connecting
    case .ready: .ready
    case .closed: .shutdown
    }
  }

  mutating func connectRequested(at now: NIODeadline) -> Step {
    guard case .idle = state else { return .none }
    return beginPass(at: now)
  }

  mutating func connected(at now: NIODeadline) {
    guard case .connecting = state else { return }
    state = .ready(since: now)
    isFailing = false
  }

  mutating func connectFailed(at now: NIODeadline, chance: Double) -> Step {
    guard case .connecting(let address) = state else { return .none }
    if address + 1 < addressCount { return connect(address + 1) }
    isFailing = true
    failures += 1
    return pause(failures, at: now, chance: chance)
  }

  mutating func pauseEnded(at now: NIODeadline) -> Step {
    guard case .pausing = state else { return .none }
    return beginPass(at: now)
  }

  /// - Parameters:
  ///   - wasUseful: a call ended well on it.
  ///   - reconnects: false: wait to be asked.
  mutating func connectionEnded(
    wasUseful: Bool, reconnects: Bool, at now: NIODeadline, chance: Double
  ) -> Step {
    guard case .ready(let since) = state else { return .none }
    // A server that takes connections and drops them must not be connected to as fast as it can do that.
    failures = wasUseful || now - since >= TimeAmount(backoff.initial) ? 0 : failures + 1
    guard reconnects else {
      state = .idle
      return .none
    }
    if failures <= 1 { return beginPass(at: now) }
    return pause(failures - 1, at: now, chance: chance)
  }

  mutating func close() { state = .closed }

  private mutating func beginPass(at now: NIODeadline) -> Step {
    passBegan = now
    return connect(0)
  }

  private mutating func connect(_ address: Int) -> Step {
    state = .connecting(address: address)
    let least = TimeAmount(backoff.minConnectTimeout)
    let timeout = failures > 0 ? max(least, backoff.delay(after: failures, chance: 0.5)) : least
    return .connect(address: address, timeout: timeout)
  }

  private mutating func pause(_ failures: Int, at now: NIODeadline, chance: Double) -> Step {
    state = .pausing
    let until = passBegan + backoff.delay(after: failures, chance: chance)
    return .pause(max(.zero, until - now))
  }
}
