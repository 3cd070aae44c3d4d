// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// The one thread that starts child processes. It lives as long as the process does, and must: the
/// kernel sends a child its parent-death signal when the *thread* that started it ends (prctl(2),
/// PR_SET_PDEATHSIG), and the threads of Swift's and Dispatch's pools come and go.
final class SpawnThread: Sendable {
  static let shared = SpawnThread()

  private let jobs = Mutex<[@Sendable () -> Void]>([])
  private let pending = DispatchSemaphore(value: 0)

  private init() {
    let thread = Thread { [unowned self] in
      while true {
        pending.wait()
        let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        job?()
      }
    }
    thread.name = "spawn"
    thread.start()
  }

  /// Runs `body` on the thread and waits for its answer.
  func run<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) -> Answer? {
    let box = AnswerBox<Answer>()
    enqueue {
      let answer = body()
      box.answer.withLock { $0 = answer }
      box.done.signal()
    }
    box.done.wait()
    return box.answer.withLock { $0 }
  }

  /// Runs `body` on the thread; the caller's is free meanwhile.
  func answer<Answer: Sendable>(of body: @escaping @Sendable () -> Answer) async -> Answer {
    await withCheckedContinuation { continuation in
      enqueue { continuation.resume(returning: body()) }
    }
  }

  private func enqueue(_ job: @escaping @Sendable () -> Void) {
    jobs.withLock { $0.append(job) }
    pending.signal()
  }

  private final class AnswerBox<Answer: Sendable>: Sendable {
    let answer = Mutex<Answer?>(nil)
    let done = DispatchSemaphore(value: 0)
  }
}
