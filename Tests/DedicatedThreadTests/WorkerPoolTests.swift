// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
import Testing

@Suite("WorkerPool", .timeLimit(.minutes(5)))
struct WorkerPoolTests {
  @Test("a full line turns callers away, and a cancelled caller's place is free at once")
  func line() async throws {
    let pool = WorkerPool(["one"], maxWaiting: 2)
    let worker = try await pool.claim()
    let first = Task { try await pool.claim() }
    while pool.waiting < 1 { await Task.yield() }
    let second = Task { try await pool.claim() }
    while pool.waiting < 2 { await Task.yield() }
    await #expect(throws: WorkerRefusal.busy) { try await pool.claim() }
    first.cancel()
    await #expect(throws: WorkerRefusal.cancelled) { try await first.value }
    #expect(pool.waiting == 1)
    let third = Task { try await pool.claim() }
    while pool.waiting < 2 { await Task.yield() }
    pool.release(worker)
    #expect(try await second.value == "one")
    #expect(pool.waiting == 1)
    pool.release(worker)
    #expect(try await third.value == "one")
    #expect(pool.waiting == 0)
    pool.release(worker)
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await pool.claim()
    }
    await #expect(throws: WorkerRefusal.cancelled) { try await cancelled.value }
    #expect(try await pool.claim() == "one")
  }

  @Test("nobody waits when nobody may", arguments: [1, 2])
  func noLine(workers: Int) async throws {
    let pool = WorkerPool(Array(0..<workers), maxWaiting: 0)
    var claimed: Set<Int> = []
    for _ in 0..<workers { claimed.insert(try await pool.claim()) }
    #expect(claimed == Set(0..<workers))
    await #expect(throws: WorkerRefusal.busy) { try await pool.claim() }
    pool.release(0)
    #expect(try await pool.claim() == 0)
  }

  @Test("more callers than threads are all served, no more at once than there are threads")
  func many() async throws {
    let pool = WorkerPool(try .threads(2, named: "pool"), maxWaiting: 64)
    let counter = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<60 {
        group.addTask {
          let thread = try await pool.claim()
          defer { pool.release(thread) }
          await thread.run {
            counter.enter()
            counter.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(counter.total == 60)
    #expect(counter.most <= 2)
  }
}
