// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells any thread how a client stands with its servers.
final class ConnectivityMonitor: Sendable {
  private struct State {
    var current = ConnectivityState.idle
    var watchers: [Int: AsyncStream<ConnectivityState>.Continuation] = [:]
    var nextWatcher = 0
  }

  private let state = Mutex(State())

  var current: ConnectivityState { state.withLock { $0.current } }

  func publish(_ new: ConnectivityState) {
    let watchers = state.withLock { state -> [AsyncStream<ConnectivityState>.Continuation] in
      guard state.current != new else { return [] }
      state.current = new
      return Array(state.watchers.values)
    }
    for watcher in watchers {
      watcher.yield(new)
      if new == .shutdown { watcher.finish() }
    }
  }

  /// The state now and each later one; a slow reader gets the latest. Ends after `shutdown`.
  func states() -> AsyncStream<ConnectivityState> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: ConnectivityState.self, bufferingPolicy: .bufferingNewest(1))
    let (id, now) = state.withLock { state in
      state.nextWatcher += 1
      state.watchers[state.nextWatcher] = continuation
      return (state.nextWatcher, state.current)
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { $0.watchers[id] = nil }
    }
    continuation.yield(now)
    if now == .shutdown { continuation.finish() }
    return stream
  }
}
