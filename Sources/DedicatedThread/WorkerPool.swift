// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A few workers (each the home of blocking work on a ``DedicatedThread``) and a short line in front of them:
/// however many callers come at once, the work takes no more than these threads, never holds an event loop,
/// and says no when enough of it waits.
package final class WorkerPool<Worker: Sendable>: Sendable {
  private typealias Waiter = CheckedContinuation<Result<Worker, WorkerRefusal>, Never>

  private struct State {
    var idle: [Worker]
    /// In order of arrival.
    var waiting: [(id: UInt64, waiter: Waiter)] = []
    var nextID: UInt64 = 0
  }

  private let maxWaiting: Int
  private let state: Mutex<State>

  /// - Parameters:
  ///   - workers: all there are; at least one.
  ///   - maxWaiting: callers that may wait for one of them.
  package init(_ workers: [Worker], maxWaiting: Int) {
    self.maxWaiting = maxWaiting
    state = Mutex(State(idle: workers))
  }

  /// Callers in line.
  package var waiting: Int { state.withLock { $0.waiting.count } }

  /// Waits for a worker, and has it until `body` ends.
  /// - Parameter refusal: says what is thrown when there is none.
  package func withWorker<Value, Failure: Error>(
    orThrow refusal: (WorkerRefusal) -> Failure,
    _ body: (Worker) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let worker: Worker
    do throws(WorkerRefusal) { worker = try await claim() } catch { throw refusal(error) }
    defer { release(worker) }
    return try await body(worker)
  }

  /// Waits for a worker, in order of arrival.
  /// - Returns: the caller's own until it gives it to ``release(_:)``.
  /// - Throws: `.busy` when the line is full, `.cancelled` when the task was cancelled before its turn.
  package func claim() async throws(WorkerRefusal) -> Worker {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return try await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let turn: Result<Worker, WorkerRefusal>? = state.withLock { state in
          // Inside the lock: a cancellation from here on finds the waiter in line.
          if Task.isCancelled { return .failure(.cancelled) }
          if let worker = state.idle.popLast() { return .success(worker) }
          guard state.waiting.count < maxWaiting else { return .failure(.busy) }
          state.waiting.append((id, continuation))
          return nil
        }
        if let turn { continuation.resume(returning: turn) }
      }
    } onCancel: {
      let waiter: Waiter? = state.withLock { state in
        guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return state.waiting.remove(at: index).waiter
      }
      waiter?.resume(returning: .failure(.cancelled))
    }.get()
  }

  /// Gives a worker to who has waited longest.
  package func release(_ worker: Worker) {
    let next: Waiter? = state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.idle.append(worker)
        return nil
      }
      return state.waiting.removeFirst().waiter
    }
    next?.resume(returning: .success(worker))
  }
}

/// Why a caller gets no worker.
package enum WorkerRefusal: Error, Hashable, Sendable {
  /// Too many callers wait. Worth trying again, later.
  case busy
  /// The caller was cancelled before its turn.
  case cancelled
}
