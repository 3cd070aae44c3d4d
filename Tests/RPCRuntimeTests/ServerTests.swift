// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Calls over a socket", .timeLimit(.minutes(5)))
struct ServerTests {
  @Test("a unary call brings message and metadata back")
  func unary() async throws {
    try await Loopback.run { loopback in
      let reply = try await loopback.say("hello", CallOptions(metadata: ["x-request": "r"]))
      #expect(String(buffer: reply.message) == "hello")
      #expect(reply.initialMetadata["x-initial"] == "i")
      #expect(reply.trailingMetadata["x-trailing"] == "r")
    }
  }

  @Test(
    "every status arrives with its message", arguments: StatusCode.allCases.filter { $0 != .ok })
  func statuses(code: StatusCode) async throws {
    try await Loopback.run { loopback in
      let error = await #expect(throws: RPCError.self) {
        _ = try await loopback.client.unary(
          EchoService.fail, MessageFrame { $0.writeString("\(code.rawValue)") },
          options: CallOptions())
      }
      #expect(error?.code == code)
      #expect(error?.message == "as asked: 100 % °C\n")
      #expect(error?.metadata["x-detail"] == "d")
    }
  }

  @Test("a thousand calls at once on one connection all come back")
  func concurrent() async throws {
    try await Loopback.run { loopback in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<1000 {
          group.addTask {
            String(buffer: try await loopback.say("\(index)").message) == "\(index)"
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test("unknown methods and services are UNIMPLEMENTED")
  func unknown() async throws {
    try await Loopback.run { loopback in
      for (service, method) in [("echo.Echo", "Nothing"), ("no.Service", "Say")] {
        let descriptor = MethodDescriptor(service: service, method: method, kind: .unary)
        let error = await #expect(throws: RPCError.self) {
          _ = try await loopback.client.unary(
            descriptor, MessageFrame { _ in }, options: CallOptions())
        }
        #expect(error?.code == .unimplemented)
      }
    }
  }

  @Test("messages are accepted up to the limit", arguments: [99_999, 100_000, 100_001])
  func messageLimit(size: Int) async throws {
    var limits = ServerLimits()
    limits.maxMessageBytes = 100_000
    try await Loopback.run(limits) { loopback in
      let text = String(repeating: "m", count: size)
      if size > 100_000 {
        let error = await #expect(throws: RPCError.self) { _ = try await loopback.say(text) }
        #expect(error?.code == .resourceExhausted)
      } else {
        let reply = try await loopback.say(text)
        #expect(reply.message.readableBytes == size)
      }
      #expect(try await loopback.echo("still alive") == "still alive")
    }
  }

  @Test("a stream delivers everything in order")
  func streaming() async throws {
    try await Loopback.run { loopback in
      let responses = try await loopback.client.serverStreaming(
        EchoService.flood, MessageFrame { $0.writeString("500") }, options: CallOptions())
      var expected: UInt32 = 0
      for try await message in responses {
        #expect(message.getInteger(at: message.readerIndex, as: UInt32.self) == expected)
        expected += 1
      }
      #expect(expected == 500)
    }
  }

  @Test("nothing of a call outlives it")
  func noLeak() async throws {
    try await Loopback.run { loopback in
      #expect(try await loopback.echo("x") == "x")
      try await eventually("the call's context is freed") {
        loopback.service.lastContext.withLock { $0.context == nil }
      }
    }
  }

  @Test("a reader that stalls suspends the handler, and its reading resumes it")
  func backPressure() async throws {
    try await Loopback.run { loopback in
      let responses = try await loopback.client.serverStreaming(
        EchoService.flood, MessageFrame { $0.writeString("1000") }, options: CallOptions())
      var iterator = responses.makeAsyncIterator()
      _ = try await iterator.next()
      var before = -1
      try await eventually("the handler suspends") {
        let now = loopback.service.written.load(ordering: .relaxed)
        defer { before = now }
        try await Task.sleep(for: .milliseconds(100))
        return now == before
      }
      // 10 MB in all; the window is 256 KiB and 64 KiB may be pending.
      #expect(loopback.service.written.load(ordering: .relaxed) < 100)
      // Other calls on the connection do not wait.
      #expect(try await loopback.echo("quick") == "quick")
      var count = 1
      while try await iterator.next() != nil { count += 1 }
      #expect(count == 1000)
    }
  }

  @Test("dropping a stream cancels its handler")
  func cancellation() async throws {
    try await Loopback.run { loopback in
      do {
        let responses = try await loopback.client.serverStreaming(
          EchoService.idle, MessageFrame { _ in }, options: CallOptions())
        var iterator = responses.makeAsyncIterator()
        #expect(try await iterator.next() != nil)
      }
      try await eventually("the handler is cancelled") {
        loopback.service.cancelled.load(ordering: .relaxed) == 1
      }
    }
  }

  @Test("cancelling the caller's task cancels the handler")
  func taskCancellation() async throws {
    try await Loopback.run { loopback in
      let call = Task {
        try await loopback.client.unary(
          EchoService.hang, MessageFrame { _ in }, options: CallOptions())
      }
      try await eventually("the handler runs") {
        loopback.service.running.load(ordering: .relaxed) == 1
      }
      call.cancel()
      let error = await #expect(throws: RPCError.self) { _ = try await call.value }
      #expect(error?.code == .cancelled)
      try await eventually("the handler is cancelled") {
        loopback.service.running.load(ordering: .relaxed) == 0
      }
    }
  }

  @Test("the deadline ends the call and cancels the handler", arguments: [false, true])
  func deadline(streaming: Bool) async throws {
    try await Loopback.run { loopback in
      // Long enough for the handler to have started, on any machine.
      let options = CallOptions(timeout: .seconds(3))
      let error = await #expect(throws: RPCError.self) {
        if streaming {
          let responses = try await loopback.client.serverStreaming(
            EchoService.idle, MessageFrame { _ in }, options: options)
          for try await _ in responses {}
        } else {
          _ = try await loopback.client.unary(
            EchoService.hang, MessageFrame { _ in }, options: options)
        }
      }
      #expect(error?.code == .deadlineExceeded)
      try await eventually("the handler is cancelled") {
        loopback.service.running.load(ordering: .relaxed) == 0
          && loopback.service.cancelled.load(ordering: .relaxed) == 1
      }
    }
  }

  @Test("shutdown lets running calls finish and refuses new ones")
  func gracefulStop() async throws {
    try await Loopback.run { loopback in
      let responses = try await loopback.client.serverStreaming(
        EchoService.flood, MessageFrame { $0.writeString("300") }, options: CallOptions())
      var iterator = responses.makeAsyncIterator()
      _ = try await iterator.next()
      async let stopped: Void = loopback.server.shutdown()
      var count = 1
      while try await iterator.next() != nil { count += 1 }
      #expect(count == 300)
      await stopped
      let error = await #expect(throws: RPCError.self) { _ = try await loopback.say("late") }
      #expect(error?.code == .unavailable)
    }
  }

  @Test("the grace period ends calls that do not")
  func graceEnds() async throws {
    var limits = ServerLimits()
    limits.drainGrace = .seconds(1)
    try await Loopback.run(limits) { loopback in
      let responses = try await loopback.client.serverStreaming(
        EchoService.idle, MessageFrame { _ in }, options: CallOptions())
      var iterator = responses.makeAsyncIterator()
      _ = try await iterator.next()
      await loopback.server.shutdown()
      let error = await #expect(throws: RPCError.self) { _ = try await iterator.next() }
      #expect(error?.code == .unavailable)
      try await eventually("the handler is cancelled") {
        loopback.service.cancelled.load(ordering: .relaxed) == 1
      }
    }
  }

  @Test("a reset does not free a handler slot that is still in use")
  func handlerQuota() async throws {
    var limits = ServerLimits()
    limits.maxRunningHandlers = 3
    try await Loopback.run(limits) { loopback in
      let stubborn = try await stubbornCalls(3, on: loopback)
      let error = await #expect(throws: RPCError.self) { _ = try await loopback.say("one more") }
      #expect(error?.code == .unavailable)
      for call in stubborn { call.cancel() }
      try await eventually("the slots are free again") {
        loopback.service.running.load(ordering: .relaxed) == 0
      }
      #expect(try await loopback.echo("now") == "now")
    }
  }

  private func stubbornCalls(
    _ count: Int, on loopback: Loopback
  ) async throws -> [Task<UnaryReply, any Error>] {
    let calls = (0..<count).map { _ in
      Task {
        try await loopback.client.unary(
          EchoService.hang, MessageFrame { _ in }, options: CallOptions())
      }
    }
    try await eventually("the handlers run") {
      loopback.service.running.load(ordering: .relaxed) == count
    }
    return calls
  }

  @Test("a burst of resets closes the connection, and only that one")
  func rapidReset() async throws {
    var limits = ServerLimits()
    limits.resetBurst = 20
    limits.resetsPerSecond = 1
    try await Loopback.run(limits) { loopback in
      let attacker = try await RPCConnection.connect(
        host: "127.0.0.1", port: loopback.port, group: loopback.group)
      let isClosed = Atomic(false)
      let watcher = Task {
        await attacker.waitUntilClosed()
        isClosed.store(true, ordering: .releasing)
      }
      try await eventually("the connection is closed") {
        let call = Task {
          try await attacker.unary(EchoService.hang, MessageFrame { _ in }, options: CallOptions())
        }
        try await Task.sleep(for: .milliseconds(2))
        call.cancel()
        return isClosed.load(ordering: .acquiring)
      }
      await attacker.close()
      await watcher.value
      #expect(try await loopback.echo("unharmed") == "unharmed")
    }
  }
}
