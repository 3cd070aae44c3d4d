// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Retries against a foreign server", .timeLimit(.minutes(5)))
struct RetryTests {
  private static let flaky = ForeignServer.method("Flaky")

  private static func run(
    _ policy: RetryPolicy? = RetryPolicy(maxAttempts: 4, initialBackoff: .milliseconds(5)),
    throttling: RetryThrottling? = nil, limits: ClientLimits = ClientLimits(),
    _ body: (RPCClient) async throws -> Void
  ) async throws {
    let server = try await ForeignServer()
    var configuration = ClientConfiguration.quick
    configuration.limits = limits
    configuration.service = ServiceConfig(
      services: ["foreign.Foreign": MethodConfig(retryPolicy: policy)],
      retryThrottling: throttling)
    try await withClient(server.target, configuration, body)
    await server.stop()
  }

  /// Fails so often, in the way that the other pairs say.
  private static func options(
    _ key: String, fails: Int, _ more: Metadata.Entry...
  ) -> CallOptions {
    var metadata: Metadata = ["x-key": key, "x-fails": "\(fails)"]
    for entry in more { metadata.add(entry.value, for: entry.key) }
    return CallOptions(metadata: metadata, timeout: .seconds(50))
  }

  private static func attempts(_ client: RPCClient, _ key: String) async throws -> String {
    try await client.ask(ForeignServer.method("Attempted"), key)
  }

  @Test(
    "as many attempts as the policy allows; the server is told how many there were",
    arguments: 0...4)
  func attempts(fails: Int) async throws {
    try await Self.run { client async throws in
      let options = Self.options("k", fails: fails)
      if fails < 4 {
        let previous = fails == 0 ? "-" : "\(fails)"
        #expect(try await client.ask(Self.flaky, "", options) == "\(fails + 1) \(previous)")
      } else {
        let error = await client.failure(Self.flaky, "", options)
        #expect(error?.code == .unavailable)
        #expect(error?.metadata["x-attempt"] == "4")
      }
      #expect(try await Self.attempts(client, "k") == "\(min(4, fails + 1))")
    }
  }

  @Test("without a policy, and after other codes, a call is made once")
  func notRetried() async throws {
    try await Self.run(nil) { client async throws in
      let error = await client.failure(Self.flaky, "", Self.options("k", fails: 1))
      #expect(error?.code == .unavailable)
      #expect(try await Self.attempts(client, "k") == "1")
    }
    try await Self.run { client async throws in
      let options = Self.options("k", fails: 1, .init(key: "x-code", value: "10"))
      #expect(await client.failure(Self.flaky, "", options)?.code == .aborted)
      #expect(try await Self.attempts(client, "k") == "1")
    }
  }

  @Test("response headers commit a call to its attempt")
  func committed() async throws {
    try await Self.run { client async throws in
      let options = Self.options("k", fails: 1, .init(key: "x-headers", value: "1"))
      #expect(await client.failure(Self.flaky, "", options)?.code == .unavailable)
      #expect(try await Self.attempts(client, "k") == "1")

      let stream = try await client.serverStreaming(
        ForeignServer.method("Broken"), MessageFrame { _ in },
        options: Self.options("b", fails: 1))
      var answers = stream.makeAsyncIterator()
      // The first attempt failed before its headers, the second one after a message.
      #expect(try await answers.next().map { String(buffer: $0) } == "first")
      let error = await #expect(throws: RPCError.self) { _ = try await answers.next() }
      #expect(error?.message == "after the first message")
      #expect(try await Self.attempts(client, "b") == "2")
    }
  }

  @Test("pushback sets the time of the next attempt, or forbids it")
  func pushback() async throws {
    // The policy alone would wait for longer than the deadline.
    let patient = RetryPolicy(
      maxAttempts: 3, initialBackoff: .seconds(100), maxBackoff: .seconds(100))
    try await Self.run(patient) { client async throws in
      let soon = Self.options("soon", fails: 2, .init(key: "x-pushback", value: "10"))
      #expect(try await client.ask(Self.flaky, "", soon) == "3 2")
      let never = Self.options("never", fails: 1, .init(key: "x-pushback", value: "-1"))
      #expect(await client.failure(Self.flaky, "", never)?.code == .unavailable)
      #expect(try await Self.attempts(client, "never") == "1")
    }
  }

  @Test("the deadline, or the caller, ends a call that pauses between attempts")
  func endedWhilePausing() async throws {
    let patient = RetryPolicy(
      maxAttempts: 3, initialBackoff: .seconds(100), maxBackoff: .seconds(100))
    try await Self.run(patient) { client async throws in
      var options = Self.options("k", fails: 1)
      options.timeout = .milliseconds(500)
      #expect(await client.failure(Self.flaky, "", options)?.code == .deadlineExceeded)
      let call = Task {
        await client.failure(Self.flaky, "", Self.options("cancelled", fails: 1))
      }
      try await eventually("the first attempt has failed") {
        try await Self.attempts(client, "cancelled") == "1"
      }
      call.cancel()
      #expect(await call.value?.code == .cancelled)
    }
  }

  @Test("retries stop while most calls fail, and come back with successes")
  func throttled() async throws {
    let throttling = RetryThrottling(maxTokens: 4, tokenRatio: 1)
    try await Self.run(throttling: throttling) { client async throws in
      // 4 → 3: one retry; 3 → 2: no more.
      #expect(await client.failure(Self.flaky, "", Self.options("a", fails: 9)) != nil)
      #expect(try await Self.attempts(client, "a") == "2")
      #expect(await client.failure(Self.flaky, "", Self.options("b", fails: 1)) != nil)
      for _ in 0..<4 { _ = try await Self.attempts(client, "") }
      #expect(try await client.ask(Self.flaky, "", Self.options("c", fails: 1)) == "2 1")
    }
  }

  @Test("streamed requests are sent again while they are kept", arguments: [10, 100])
  func streamedRequests(messages: Int) async throws {
    var limits = ClientLimits()
    limits.maxReplayBytesPerCall = 20 * 1005
    try await Self.run(limits: limits) { client async throws in
      do {
        let reply = try await client.clientStreaming(
          ForeignServer.method("FlakyJoin"), options: Self.options("k", fails: 2)
        ) { requests throws(RPCError) in
          for _ in 0..<messages {
            try await requests.write(MessageFrame { $0.writeRepeatingByte(65, count: 1000) })
          }
        }
        #expect(messages == 10)
        #expect(String(buffer: reply) == "3 2 " + String(repeating: "A", count: 10_000))
      } catch let error as RPCError {
        #expect(messages == 100)
        #expect(error.code == .unavailable)
        #expect(try await Self.attempts(client, "k") == "1")
      }
    }
  }

  @Test("replay memory is bounded per call and per client, and given back")
  func replayLimits() async throws {
    var limits = ClientLimits()
    limits.maxReplayBytes = 20 * 1005
    try await Self.run(limits: limits) { client async throws in
      for round in 0..<5 {
        let reply = try await client.clientStreaming(
          ForeignServer.method("FlakyJoin"), options: Self.options("\(round)", fails: 1)
        ) { requests throws(RPCError) in
          for _ in 0..<20 {
            try await requests.write(MessageFrame { $0.writeRepeatingByte(65, count: 1000) })
          }
        }
        #expect(reply.readableBytes == 20_004)
      }
    }
  }

  @Test("streamed answers and conversations are retried before they begin")
  func streams() async throws {
    try await Self.run { client async throws in
      let stream = try await client.serverStreaming(
        ForeignServer.method("FlakyCount"), MessageFrame { $0.writeString("100") },
        options: Self.options("s", fails: 2))
      var answers: [String] = []
      for try await answer in stream { answers.append(String(buffer: answer)) }
      #expect(answers == (0..<100).map(String.init))

      let call = try await client.open(
        ForeignServer.method("FlakyChat"), options: Self.options("c", fails: 2))
      var replies = call.responses.makeAsyncIterator()
      for index in 0..<10 {
        try await call.requests.write(MessageFrame { $0.writeString("\(index)") })
        #expect(try await replies.next().map { String(buffer: $0) } == "\(index)")
      }
      await call.requests.finish()
      #expect(try await replies.next() == nil)
      #expect(try await Self.attempts(client, "c") == "3")
    }
  }

  @Test("a method's own timeout and wait-for-ready count unless the caller says otherwise")
  func methodConfig() async throws {
    let server = try await ForeignServer()
    var configuration = ClientConfiguration.quick
    configuration.service = ServiceConfig(
      methods: [
        "/foreign.Foreign/Hang": MethodConfig(timeout: .milliseconds(300), waitForReady: true)
      ])
    try await withClient(server.target, configuration) { client async throws in
      let hang = ForeignServer.method("Hang")
      #expect(await client.failure(hang)?.code == .deadlineExceeded)
      #expect(
        await client.failure(hang, "", CallOptions(timeout: .seconds(100)))?.code
          == .deadlineExceeded)
      await server.kill()
      try await eventually("the server is gone") { client.state == .transientFailure }
      #expect(await client.failure(hang)?.code == .deadlineExceeded)
      #expect(
        await client.failure(hang, "", CallOptions(waitForReady: false))?.code == .unavailable)
    }
  }

  @Test("an interceptor is a channel around a channel: ten lines")
  func interceptor() async throws {
    struct Signing: RPCChannel {
      let inner: any RPCChannel

      private func sign(_ options: CallOptions) -> CallOptions {
        var options = options
        options.metadata.add("signed", for: "x-key")
        return options
      }

      func unary(
        _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
      ) async throws(RPCError) -> UnaryReply {
        try await inner.unary(method, request, options: sign(options))
      }

      func serverStreaming(
        _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
      ) async throws(RPCError) -> ResponseStream {
        try await inner.serverStreaming(method, request, options: sign(options))
      }

      func open(
        _ method: MethodDescriptor, options: CallOptions
      ) async throws(RPCError) -> StreamingCall {
        try await inner.open(method, options: sign(options))
      }
    }
    try await Self.run { client async throws in
      #expect(try await Signing(inner: client).ask(Self.flaky) == "1 -")
      #expect(try await Self.attempts(client, "signed") == "1")
    }
  }
}
