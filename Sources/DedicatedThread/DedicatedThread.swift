// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A named thread of one's own that is a serial executor: the home of an actor around a blocking C
/// library. Jobs run one at a time, in the order in which they were enqueued.
///
/// ```swift
/// actor Client {
///   private let thread: DedicatedThread
///   nonisolated var unownedExecutor: UnownedSerialExecutor {
///     unsafe thread.asUnownedSerialExecutor()
///   }
/// }
/// ```
///
/// End of life. ``shutdown()`` lets everything that is queued run, then the thread ends. A job that is
/// enqueued later still runs, because an actor job that never runs would hang its caller: a thread of
/// the same name is started for it and ends as soon as the queue is empty. Never do two threads run jobs
/// of one executor at a time. The last reference going away is a shutdown too; queued jobs hold a
/// reference, so none is lost.
package final class DedicatedThread: SerialExecutor, Sendable {
  /// Stack of the thread, in bytes. 512 KiB: C clients with TLS and name resolution stay far below it,
  /// and only touched pages cost memory.
  package static let stackBytes = 512 << 10

  /// As given; the kernel shows its first 15 bytes (`/proc/self/task/*/comm`).
  package let name: String
  private let inbox = ConditionLock(Inbox())

  /// Starts the thread.
  /// - Throws: when the system refuses another thread (`EAGAIN`: limit reached).
  package init(name: String) throws(ThreadStartError) {
    self.name = name
    inbox.withLock { $0.isStarted = true }
    let code = Self.start(name: name, inbox: inbox)
    guard code == 0 else { throw ThreadStartError(code: code) }
  }

  deinit {
    shutdown()
  }

  /// Ends the thread after the jobs that are queued now. May be called any number of times, from
  /// anywhere, also from the thread itself.
  package func shutdown() {
    inbox.withLock { $0.isShutDown = true }
  }

  /// Returns when the thread was shut down and has run its last job. Not to be called from a job that
  /// runs on the thread without suspending.
  package func join() async {
    await withCheckedContinuation { continuation in
      let hasEnded = inbox.withLock { inbox in
        if inbox.isStarted { inbox.joiners.append(continuation) }
        return !inbox.isStarted
      }
      if hasEnded { continuation.resume() }
    }
  }

  /// Runs a blocking function on the thread.
  package func run<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      append(.work(self) { continuation.resume(returning: Result(catching: body)) })
    }
    return try result.get()
  }

  // MARK: SerialExecutor

  package func enqueue(_ job: consuming ExecutorJob) {
    append(.job(self, UnownedJob(job)))
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)
  }

  package func isIsolatingCurrentContext() -> Bool? {
    let current = pthread_self()
    return inbox.peek { $0.runner.map { pthread_equal($0, current) != 0 } ?? false }
  }

  package func checkIsolated() {
    precondition(isIsolatingCurrentContext() == true, "not on the thread \(name)")
  }

  // MARK: The thread

  private func append(_ entry: Entry) {
    let mustStart = inbox.withLock { inbox in
      inbox.entries.append(entry)
      defer { inbox.isStarted = true }
      return !inbox.isStarted
    }
    guard mustStart else { return }
    if Self.start(name: name, inbox: inbox) != 0 {
      // After shutdown and out of threads: the shared pool is the one place left to run it.
      Task.detached { [inbox] in Self.runJobs(of: inbox) }
    }
  }

  /// - Returns: 0 or an errno value.
  private static func start(name: String, inbox: ConditionLock<Inbox>) -> Int32 {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, stackBytes)
    // Detached: the kernel frees the stack; `join()` is told by the thread's last act.
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let start = unsafe Unmanaged.passRetained(Start(name: name, inbox: inbox))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.nameCurrentThread()
        DedicatedThread.runJobs(of: start.inbox)
        return nil
      }, start.toOpaque())
    if code != 0 { unsafe start.release() }
    return code
  }

  /// Until shut down and drained.
  private static func runJobs(of inbox: ConditionLock<Inbox>) {
    let current = pthread_self()
    var batch: [Entry] = []
    while true {
      let joiners = inbox.waitUntil {
        !$0.entries.isEmpty || $0.isShutDown
      } then: { inbox in
        guard inbox.entries.isEmpty else {
          inbox.runner = current
          swap(&inbox.entries, &batch)
          return nil as [CheckedContinuation<Void, Never>]?
        }
        inbox.runner = nil
        inbox.isStarted = false
        defer { inbox.joiners = [] }
        return inbox.joiners
      }
      if let joiners {
        for joiner in joiners { joiner.resume() }
        return
      }
      for entry in batch { entry.run() }
      batch.removeAll(keepingCapacity: batch.count <= 64)
    }
  }
}

/// The system would not start a thread.
package struct ThreadStartError: Error, Hashable, Sendable {
  /// An errno value of `pthread_create`.
  package let code: Int32
}

/// What waits for the thread. Each entry keeps the executor alive until it has run.
private enum Entry {
  case job(DedicatedThread, UnownedJob)
  case work(DedicatedThread, @Sendable () -> Void)

  func run() {
    switch self {
    case .job(let thread, let job):
      unsafe job.runSynchronously(on: thread.asUnownedSerialExecutor())
    case .work(_, let body):
      body()
    }
  }
}

private struct Inbox {
  var entries: [Entry] = []
  /// A thread runs jobs, or is being started.
  var isStarted = false
  var isShutDown = false
  /// The thread that runs jobs, from its first job on.
  var runner: pthread_t?
  var joiners: [CheckedContinuation<Void, Never>] = []
}

private final class Start: Sendable {
  let shortName: String
  let inbox: ConditionLock<Inbox>

  init(name: String, inbox: ConditionLock<Inbox>) {
    // The kernel's limit is 16 bytes with the terminator; cut between characters.
    var short = name
    while short.utf8.count > 15 { short.removeLast() }
    shortName = short
    self.inbox = inbox
  }

  /// By way of the kernel's file, because Glibc's module hides `pthread_setname_np`. A thread without
  /// a name works as well as one with it.
  func nameCurrentThread() {
    let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let bytes = Array(shortName.utf8)
    _ = unsafe write(file, bytes, bytes.count)
    close(file)
  }
}
