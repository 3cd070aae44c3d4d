// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
import Synchronization

/// One call on a connection, as seen by whoever may want to cancel it.
///
/// ```
/// waiting ──begin──▶ running ──finish──▶ finished
///    └──cancel──▶ cancelled ◀──cancel──┘
/// ```
/// A cancelled call that runs is nudged with PQcancel again and again until it finishes, because a
/// request that reaches the server between two statements of the call is forgotten there. `finish` waits
/// for the nudge under way, so that it cannot hit the connection's next call.
final class CallTicket: Sendable {
  private enum Phase {
    case waiting
    case running(Canceller)
    case finished
  }

  private struct State {
    var phase = Phase.waiting
    var isCancelled = false
  }

  private let state = Mutex(State())
  /// Held while a PQcancel is under way.
  private let nudging = Mutex(())

  /// Time between two requests for the same call.
  static let nudgeInterval: Duration = .milliseconds(20)

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func begin(_ canceller: Canceller) {
    state.withLock { $0.phase = .running(canceller) }
  }

  func finish() {
    state.withLock { $0.phase = .finished }
    nudging.withLock { _ in }
  }

  /// May be called at any time, from any thread, more than once; does not block.
  /// - Parameter thread: where PQcancel may block.
  func cancel(on thread: DedicatedThread) {
    let isFirst = state.withLock { state in
      defer { state.isCancelled = true }
      return !state.isCancelled
    }
    guard isFirst else { return }
    // Ends with the call, which always ends: nobody needs to wait for it.
    Task.detached {
      while await thread.run({ self.nudge() }) {
        try? await Task.sleep(for: Self.nudgeInterval)
      }
    }
  }

  /// - Returns: false when there is no more to do.
  private func nudge() -> Bool {
    nudging.withLock { _ in
      switch state.withLock({ $0.phase }) {
      case .waiting:
        // `begin` comes later and its call looks at `isCancelled` first.
        return true
      case .running(let canceller):
        canceller.requestCancellation()
        return true
      case .finished:
        return false
      }
    }
  }
}
