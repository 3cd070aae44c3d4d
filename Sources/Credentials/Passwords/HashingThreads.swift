// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
import Synchronization

/// A few threads and a short line in front of them: however many people sign in at once, hashing takes no
/// more than these cores and never holds an event loop.
final class HashingThreads: Sendable {
  private typealias Waiter = CheckedContinuation<Turn, Never>

  private enum Turn {
    case thread(DedicatedThread)
    case refused(PasswordHashingError)
  }

  private struct State {
    var idle: [DedicatedThread]
    /// In order of arrival.
    var waiting: [(id: UInt64, waiter: Waiter)] = []
    var nextID: UInt64 = 0
  }

  private let maximumWaiting: Int
  private let state: Mutex<State>

  init(threads: Int, maximumWaiting: Int) throws(ThreadStartError) {
    var idle: [DedicatedThread] = []
    for number in 1...max(1, threads) {
      idle.append(try DedicatedThread(name: "password-\(number)"))
    }
    self.maximumWaiting = maximumWaiting
    state = Mutex(State(idle: idle))
  }

  /// Callers in line.
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Runs a function when its turn has come. Once it runs, cancellation does not stop it.
  /// - Throws: `.busy` when the line is full, `.cancelled` when the task was cancelled before its turn.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(CryptoError) -> Value
  ) async throws(PasswordHashingError) -> Value {
    let thread: DedicatedThread
    switch await turn() {
    case .thread(let own): thread = own
    case .refused(let error): throw error
    }
    defer { release(thread) }
    do throws(CryptoError) {
      return try await thread.run(body)
    } catch {
      throw .crypto(error)
    }
  }

  private func turn() async -> Turn {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let turn: Turn? = state.withLock { state in
          // Inside the lock: a cancellation from here on finds the waiter in line.
          if Task.isCancelled { return .refused(.cancelled) }
          if let thread = state.idle.popLast() { return .thread(thread) }
          guard state.waiting.count < maximumWaiting else { return .refused(.busy) }
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
      waiter?.resume(returning: .refused(.cancelled))
    }
  }

  private func release(_ thread: DedicatedThread) {
    let next: Waiter? = state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.idle.append(thread)
        return nil
      }
      return state.waiting.removeFirst().waiter
    }
    next?.resume(returning: .thread(thread))
  }
}
