// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Calls whose caller streams", .timeLimit(.minutes(5)))
struct StreamingCallTests {
  enum Transport: CaseIterable {
    case socket
    case inProcess
  }

  private static func run(
    _ transport: Transport,
    _ body: (any RPCChannel, EchoService) async throws -> Void
  ) async throws {
    switch transport {
    case .socket:
      try await Loopback.run { try await body($0.client, $0.service) }
    case .inProcess:
      let service = EchoService()
      try await body(InProcessChannel(router: RPCRouter([service])), service)
    }
  }

  private static func frame(_ text: String) -> MessageFrame {
    MessageFrame { $0.writeString(text) }
  }

  @Test(
    "client-streaming: all messages arrive in order, none is enough", arguments: Transport.allCases)
  func clientStreaming(transport: Transport) async throws {
    try await Self.run(transport) { channel, _ in
      for count in [0, 1, 1000] {
        let reply = try await channel.clientStreaming(EchoService.join, options: CallOptions()) {
          requests throws(RPCError) in
          for index in 0..<count { try await requests.write(Self.frame("\(index),")) }
        }
        #expect(String(buffer: reply) == (0..<count).map { "\($0)," }.joined())
      }
    }
  }

  @Test("bidirectional: questions and answers take turns", arguments: Transport.allCases)
  func pingPong(transport: Transport) async throws {
    try await Self.run(transport) { channel, _ in
      let call = try await channel.open(EchoService.chat, options: CallOptions())
      var answers = call.responses.makeAsyncIterator()
      for index in 0..<200 {
        try await call.requests.write(Self.frame("question \(index)"))
        let answer = try await answers.next()
        #expect(answer.map { String(buffer: $0) } == "question \(index)")
      }
      await call.requests.finish()
      #expect(try await answers.next() == nil)
    }
  }

  @Test("bidirectional: nothing said is nothing answered", arguments: Transport.allCases)
  func emptyStream(transport: Transport) async throws {
    try await Self.run(transport) { channel, _ in
      let call = try await channel.open(EchoService.chat, options: CallOptions())
      await call.requests.finish()
      var answers = call.responses.makeAsyncIterator()
      #expect(try await answers.next() == nil)
    }
  }

  @Test("a handler that does not read suspends the caller", arguments: Transport.allCases)
  func requestBackPressure(transport: Transport) async throws {
    try await Self.run(transport) { channel, service in
      let call = try await channel.open(EchoService.deaf, options: CallOptions())
      let sent = Counter()
      let writer = Task {
        while true {
          try await call.requests.write(MessageFrame { $0.writeRepeatingByte(1, count: 10_000) })
          sent.value.add(1, ordering: .relaxed)
        }
      }
      var before = -1
      try await eventually("the caller suspends") {
        let now = sent.value.load(ordering: .relaxed)
        defer { before = now }
        try await Task.sleep(for: .milliseconds(100))
        return now == before && now > 0
      }
      // The stream's window is 256 KiB and 64 KiB may be pending: some 33 messages.
      #expect(sent.value.load(ordering: .relaxed) < 60)
      writer.cancel()
      await #expect(throws: RPCError.self) { try await writer.value }
      try await eventually("the handler is cancelled") {
        service.cancelled.load(ordering: .relaxed) == 1
      }
    }
  }

  @Test("an early answer ends the caller's stream", arguments: Transport.allCases)
  func earlyAnswer(transport: Transport) async throws {
    try await Self.run(transport) { channel, _ in
      let reply = try await channel.clientStreaming(EchoService.hasty, options: CallOptions()) {
        requests throws(RPCError) in
        // Goes on until it is told that the call is over.
        while true { try await requests.write(Self.frame("first")) }
      }
      #expect(String(buffer: reply) == "first")
    }
  }

  @Test("a message larger than the window gets through", arguments: Transport.allCases)
  func largeMessage(transport: Transport) async throws {
    try await Self.run(transport) { channel, _ in
      let call = try await channel.open(EchoService.chat, options: CallOptions())
      var answers = call.responses.makeAsyncIterator()
      for _ in 0..<3 {
        try await call.requests.write(MessageFrame { $0.writeRepeatingByte(7, count: 1_000_000) })
        #expect(try await answers.next()?.readableBytes == 1_000_000)
      }
      await call.requests.finish()
    }
  }
}

private final class Counter: Sendable {
  let value = Atomic(0)
}
