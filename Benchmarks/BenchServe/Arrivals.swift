// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Counts what arrives anywhere, and tells one waiter when it is enough.
final class Arrivals: Sendable {
  private struct State {
    var count = 0
    var waiter: (target: Int, continuation: CheckedContinuation<Void, Never>)?
  }

  private let state = Mutex(State())

  func add() {
    let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.count += 1
      guard let waiter = state.waiter, state.count >= waiter.target else { return nil }
      state.waiter = nil
      return waiter.continuation
    }
    continuation?.resume()
  }

  /// Returns when `target` have arrived since the beginning.
  func wait(for target: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.count < target { state.waiter = (target, continuation) }
        return state.count >= target
      }
      if isThere { continuation.resume() }
    }
  }
}
