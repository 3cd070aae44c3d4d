// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import DedicatedThread

@Suite("A dedicated thread", .serialized, .timeLimit(.minutes(5)))
struct DedicatedThreadTests {
  @Test("an actor on it is isolated there and nowhere else")
  func isolation() async throws {
    let home = Home(thread: try DedicatedThread(name: "isolation-test"))
    #expect(home.thread.isIsolatingCurrentContext() == false)
    #expect(await home.assumesIsolation())
  }

  @Test("the kernel shows its name, cut to 15 bytes between characters")
  func name() async throws {
    let home = Home(thread: try DedicatedThread(name: "a-long-name-çççç"))
    #expect(await home.currentThreadName() == "a-long-name-ç")
    #expect(await home.currentThreadName().utf8.count <= 15)
  }

  @Test("jobs run in the order in which they were enqueued")
  func order() async throws {
    let thread = try DedicatedThread(name: "order-test")
    let record = Record()
    var last: Task<Void, Never>?
    for number in 0..<1_000 {
      last = Task.immediate { await thread.run { record.append(number) } }
    }
    await last?.value
    #expect(record.numbers == Array(0..<1_000))
  }

  @Test("thousands of jobs from many tasks all run, one at a time")
  func manyTasks() async throws {
    let home = Home(thread: try DedicatedThread(name: "many-test"))
    await withDiscardingTaskGroup { group in
      for _ in 0..<50 {
        group.addTask { for _ in 0..<200 { await home.increment() } }
      }
    }
    #expect(await home.count == 10_000)
  }

  @Test("shutdown runs what is queued, and join returns after it")
  func shutdownWithWorkPending() async throws {
    let thread = try DedicatedThread(name: "pending-test")
    let record = Record()
    let blocker = Task.immediate {
      await thread.run { while !record.isGateOpen { sched_yield() } }
    }
    let pending = (0..<100).map { number in
      Task.immediate { await thread.run { record.append(number) } }
    }
    thread.shutdown()
    thread.shutdown()
    #expect(record.numbers.isEmpty)
    record.openGate()
    await thread.join()
    #expect(record.numbers == Array(0..<100))
    await blocker.value
    for task in pending { await task.value }
  }

  @Test("a job enqueued after shutdown still runs, isolated, and its thread ends again")
  func jobAfterShutdown() async throws {
    let home = Home(thread: try DedicatedThread(name: "late-test"))
    home.thread.shutdown()
    await home.thread.join()
    try await eventually("the thread ends") { threads(named: "late-test") == 0 }
    for _ in 0..<100 {
      #expect(await home.assumesIsolation())
      await home.increment()
    }
    #expect(await home.count == 100)
    await home.thread.join()
    try await eventually("the thread ends") { threads(named: "late-test") == 0 }
  }

  @Test("a function's error comes back with its type")
  func typedError() async throws {
    struct Refused: Error, Equatable {}
    let thread = try DedicatedThread(name: "error-test")
    await #expect(throws: Refused()) {
      try await thread.run { () throws(Refused) in throw Refused() }
    }
  }

  @Test("dropping the last reference ends the thread, also from a job of its own")
  func noThreadLeak() async throws {
    for round in 0..<200 {
      let home = Home(thread: try DedicatedThread(name: "leak-test"))
      await home.increment()
      if round.isMultiple(of: 2) { Task { [home] in await home.increment() } }
    }
    try await eventually("the thread ends") { threads(named: "leak-test") == 0 }
  }
}

private final class Record: Sendable {
  private let seen = Mutex<[Int]>([])
  private let gate = Mutex(false)

  var numbers: [Int] { seen.withLock { $0 } }
  var isGateOpen: Bool { gate.withLock { $0 } }

  func append(_ number: Int) {
    seen.withLock { $0.append(number) }
  }

  func openGate() {
    gate.withLock { $0 = true }
  }
}

private actor Home {
  nonisolated let thread: DedicatedThread
  private(set) var count = 0

  init(thread: DedicatedThread) {
    self.thread = thread
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  func increment() {
    count += 1
  }

  func assumesIsolation() -> Bool {
    thread.checkIsolated()
    return isIsolatedHere()
  }

  /// Crashes when the executor does not vouch for the current thread.
  private nonisolated func isIsolatedHere() -> Bool {
    assumeIsolated { $0.count >= 0 } && thread.isIsolatingCurrentContext() == true
  }

  func currentThreadName() -> String {
    guard let file = fopen("/proc/thread-self/comm", "r") else { return "" }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let length = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer.prefix(length).filter { $0 != 10 }, as: UTF8.self)
  }
}

/// Threads of this process whose name the kernel shows as `name`.
private func threads(named name: String) -> Int {
  guard let directory = opendir("/proc/self/task") else { return -1 }
  defer { closedir(directory) }
  var count = 0
  while let entry = readdir(directory) {
    let id = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { continue }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let length = fread(&buffer, 1, buffer.count, file)
    let text = String(decoding: buffer.prefix(length), as: UTF8.self)
    if text == name + "\n" { count += 1 }
  }
  return count
}
