// SPDX-License-Identifier: Apache-2.0
import Domain
import Synchronization
import Testing

@testable import Persistence

@Suite("Short memory")
struct ShortMemoryTests {
  static func memory(_ time: Time, capacity: Int = 10) -> ShortMemory<String, Int> {
    ShortMemory(capacity: capacity, timeToLive: .seconds(2), clock: time.clock)
  }

  @Test("hits are remembered until their time is over, misses never")
  func hits() async throws {
    let time = Time()
    let memory = Self.memory(time)
    let asked = Mutex(0)
    func ask(_ answer: Int?) async throws -> Int? {
      try await memory.value("k") { () async throws(StoreError) in
        asked.withLock { $0 += 1 }
        return answer
      }
    }
    #expect(try await ask(nil) == nil)
    #expect(try await ask(1) == 1)
    #expect(try await ask(2) == 1)
    time.advance(seconds: 1)
    #expect(try await ask(3) == 1)
    time.advance(seconds: 1)
    #expect(try await ask(4) == 4)
    #expect(asked.withLock { $0 } == 3)
  }

  @Test("an answer that was asked for before something was forgotten is not remembered after it")
  func race() async throws {
    let memory = Self.memory(Time())
    let old = try await memory.value("k") { () async throws(StoreError) in
      memory.forget()
      return 1
    }
    #expect(old == 1)
    #expect(try await memory.value("k") { () async throws(StoreError) in 2 } == 2)
    #expect(try await memory.value("k") { () async throws(StoreError) in 3 } == 2)
    memory.forget { $0 == 3 }
    #expect(try await memory.value("k") { () async throws(StoreError) in 4 } == 2)
    memory.forget { $0 == 2 }
    #expect(try await memory.value("k") { () async throws(StoreError) in 5 } == 5)
  }

  @Test("a failure is not remembered, and the memory never holds more than it may")
  func bounds() async throws {
    let memory = Self.memory(Time(), capacity: 3)
    await #expect(throws: StoreError.overloaded) {
      try await memory.value("k") { () async throws(StoreError) in throw .overloaded }
    }
    for number in 0..<3 {
      _ = try await memory.value("\(number)") { () async throws(StoreError) in number }
    }
    #expect(try await memory.value("0") { () async throws(StoreError) in 9 } == 0)
    _ = try await memory.value("3") { () async throws(StoreError) in 3 }
    #expect(try await memory.value("0") { () async throws(StoreError) in 9 } == 9)
  }
}
