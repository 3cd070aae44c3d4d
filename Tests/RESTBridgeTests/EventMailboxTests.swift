// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing

@testable import RESTBridge

@Suite(.timeLimit(.minutes(5)))
struct EventMailboxTests {
  private static func event(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

  @Test("events arrive in order, and a put returns only after the event was taken")
  func order() async {
    let mailbox = EventMailbox()
    let puts = Counter()
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        for number in 0..<1000 {
          #expect(await mailbox.put(Self.event("\(number)")))
          puts.increment()
        }
        mailbox.finish(.closed("done"))
      }
      for number in 0..<1000 {
        #expect(puts.value <= number)
        #expect(await mailbox.take() == .event(Self.event("\(number)")))
      }
      #expect(await mailbox.take() == .end(.closed("done")))
      #expect(await mailbox.take() == .end(.closed("done")))
    }
  }

  @Test("a keep-alive reaches a writer that waits, and is dropped when an event is there")
  func keepAlive() async throws {
    let mailbox = EventMailbox()
    mailbox.offerKeepAlive()
    async let put = mailbox.put(Self.event("first"))
    #expect(await mailbox.take() == .event(Self.event("first")))
    #expect(await put)
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        while !Task.isCancelled {
          mailbox.offerKeepAlive()
          await Task.yield()
        }
      }
      #expect(await mailbox.take() == .event(ServerSentEvent.keepAlive))
      tasks.cancelAll()
    }
  }

  @Test("the first end counts, wakes both sides and drops what was not taken")
  func end() async {
    let mailbox = EventMailbox()
    async let put = mailbox.put(Self.event("dropped"))
    await Task.yield()
    mailbox.finish(.closed("first"))
    mailbox.finish(.cancelled)
    #expect(await !put)
    #expect(await mailbox.take() == .end(.closed("first")))
    #expect(await !mailbox.put(Self.event("late")))
  }

  @Test("cancelling either side ends the other")
  func cancellation() async {
    let reading = EventMailbox()
    let reader = Task { await reading.take() }
    reader.cancel()
    #expect(await reader.value == .end(.cancelled))
    #expect(await !reading.put(Self.event("x")))

    let writing = EventMailbox()
    let writer = Task { await writing.put(Self.event("x")) }
    writer.cancel()
    #expect(await !writer.value)
    #expect(await writing.take() == .end(.cancelled))
  }
}

private final class Counter: Sendable {
  private let count = Mutex(0)

  var value: Int { count.withLock { $0 } }

  func increment() { count.withLock { $0 += 1 } }
}
