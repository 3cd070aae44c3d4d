// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import TrakSenseAPI

/// Which services can take calls, as it changes while the server runs.
package final class HealthStatuses: Sendable {
  /// The status of one service.
  package typealias Status = GrpcHealthV1.HealthCheckResponse.ServingStatus

  private struct State {
    var statuses: [String: Status]
    var isDraining = false
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0
  }

  private struct Waiter {
    let service: String
    let known: Status
    let continuation: CheckedContinuation<Status?, Never>
  }

  private let state: Mutex<State>

  /// - Parameter statuses: by the service's name; the empty name is the server as a whole.
  package init(_ statuses: [String: Status] = ["": .serving]) {
    state = Mutex(State(statuses: statuses))
  }

  /// All statuses, by the service's name.
  package var all: [String: Status] { state.withLock { $0.statuses } }

  /// The status of a service; nil: there is none of this name.
  package subscript(_ service: String) -> Status? { state.withLock { $0.statuses[service] } }

  /// Changes the status of a service, known or new. No effect after ``drain()``.
  package func set(_ status: Status, for service: String) {
    change { state in
      if !state.isDraining { state.statuses[service] = status }
    }
  }

  /// Makes every service NOT_SERVING for good: before the server says goodbye to its connections, so that
  /// callers have looked for another one by then.
  package func drain() {
    change { state in
      state.isDraining = true
      for service in state.statuses.keys { state.statuses[service] = .notServing }
    }
  }

  /// Waits until the status of a service is another than the one known; changes in between are not seen.
  /// - Parameter known: nil: returns at once.
  /// - Returns: nil when the calling task is cancelled, or when there will be no change any more.
  package func next(after known: Status?, of service: String) async -> Status? {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let immediate = state.withLock { state -> Status?? in
          if Task.isCancelled { return .some(nil) }
          let current = Self.watched(service, state)
          guard let known, known == current else { return .some(current) }
          if state.isDraining { return .some(nil) }
          state.waiters[id] = Waiter(service: service, known: known, continuation: continuation)
          return nil
        }
        if let immediate { continuation.resume(returning: immediate) }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: nil)
    }
  }

  private static func watched(_ service: String, _ state: State) -> Status {
    state.statuses[service] ?? .serviceUnknown
  }

  /// Changes the state and wakes those for whom it made a difference.
  private func change(_ body: (inout State) -> Void) {
    let woken = state.withLock { state -> [(Waiter, Status?)] in
      body(&state)
      var woken: [(Waiter, Status?)] = []
      for (id, waiter) in state.waiters {
        let current = Self.watched(waiter.service, state)
        guard current != waiter.known || state.isDraining else { continue }
        state.waiters[id] = nil
        woken.append((waiter, current == waiter.known ? nil : current))
      }
      return woken
    }
    for (waiter, status) in woken { waiter.continuation.resume(returning: status) }
  }
}
