// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Interceptors", .timeLimit(.minutes(5)))
struct InterceptorTests {
  typealias End = RecordingInterceptor.End

  enum Transport: CaseIterable {
    case socket
    case inProcess
  }

  private static func run(
    _ transport: Transport, _ interceptors: [any ServerInterceptor],
    observer: (any ServerObserver)? = nil,
    _ body: (any RPCChannel) async throws -> Void
  ) async throws {
    switch transport {
    case .socket:
      try await Loopback.run(interceptors: interceptors, observer: observer) {
        try await body($0.client)
      }
    case .inProcess:
      let router = RPCRouter([EchoService()], interceptors: interceptors, observer: observer)
      try await body(InProcessChannel(router: router))
    }
  }

  private static func frame(_ text: String) -> MessageFrame {
    MessageFrame { $0.writeString(text) }
  }

  private static func call(
    _ channel: any RPCChannel, _ method: MethodDescriptor, _ text: String,
    _ options: CallOptions = CallOptions()
  ) async throws -> String {
    String(buffer: try await channel.unary(method, frame(text), options: options).message)
  }

  @Test("the first interceptor is the outermost", arguments: Transport.allCases)
  func order(transport: Transport) async throws {
    let log = RecordingInterceptor.Log()
    let both = ["outer", "inner"].map { RecordingInterceptor($0, log) }
    try await Self.run(transport, both) { channel in
      let answer = try await Self.call(channel, EchoService.say, "x")
      #expect(answer == "x")
    }
    #expect(
      log.all == ["outer begins Say", "inner begins Say", "inner ends Say", "outer ends Say"])
  }

  @Test(
    "calls of every shape pass through, and their messages are counted",
    arguments: Transport.allCases)
  func shapes(transport: Transport) async throws {
    let log = RecordingInterceptor.Log()
    try await Self.run(transport, [RecordingInterceptor("", log)]) { channel in
      let answer = try await Self.call(channel, EchoService.say, "x")
      #expect(answer == "x")
      var count = 0
      let flood = try await channel.serverStreaming(
        EchoService.flood, Self.frame("30"), options: CallOptions())
      for try await _ in flood { count += 1 }
      #expect(count == 30)
      let joined = try await channel.clientStreaming(EchoService.join, options: CallOptions()) {
        requests throws(RPCError) in
        for _ in 0..<7 { try await requests.write(Self.frame("a")) }
      }
      #expect(String(buffer: joined) == "aaaaaaa")
      let chat = try await channel.open(EchoService.chat, options: CallOptions())
      for _ in 0..<3 { try await chat.requests.write(Self.frame("b")) }
      await chat.requests.finish()
      for try await message in chat.responses { #expect(String(buffer: message) == "b") }
      try await eventually("all four have ended") { log.ends.count == 4 }
    }
    #expect(
      log.ends == [
        End(method: "Say", code: .ok, received: 1, sent: 1),
        End(method: "Flood", code: .ok, received: 1, sent: 30),
        End(method: "Join", code: .ok, received: 7, sent: 1),
        End(method: "Chat", code: .ok, received: 3, sent: 3),
      ])
  }

  @Test("an interceptor sees the caller's status", arguments: Transport.allCases)
  func failure(transport: Transport) async throws {
    let log = RecordingInterceptor.Log()
    try await Self.run(transport, [RecordingInterceptor("", log)]) { channel in
      let error = await #expect(throws: RPCError.self) {
        _ = try await Self.call(channel, EchoService.fail, "5")
      }
      #expect(error?.code == .notFound)
      #expect(log.ends == [End(method: "Fail", code: .notFound, received: 1, sent: 0)])
    }
  }

  @Test("a call whose deadline passed ended with that, whatever its handler threw")
  func deadline() async throws {
    let log = RecordingInterceptor.Log()
    try await Self.run(.inProcess, [RecordingInterceptor("", log)]) { channel in
      let error = await #expect(throws: RPCError.self) {
        _ = try await Self.call(
          channel, EchoService.hang, "", CallOptions(timeout: .milliseconds(50)))
      }
      #expect(error?.code == .deadlineExceeded)
      try await eventually("the handler has ended") { !log.ends.isEmpty }
    }
    // Over the wire only the server shall watch the time: a client's reset might come first.
    try await Loopback.run(interceptors: [RecordingInterceptor("", log)]) { loopback in
      let peer = try await RawPeer.begin(with: loopback)
      await peer.send(
        .headers(1, RawFrame.request(EchoService.hang, [("grpc-timeout", "50m")])),
        .data(1, RawFrame.message(""), end: true))
      try await peer.answered(1)
      #expect(peer.status(1) == "4")
      try await eventually("the handler has ended") { log.ends.count == 2 }
    }
    let end = End(method: "Hang", code: .deadlineExceeded, received: 1, sent: 0)
    #expect(log.ends == [end, end])
  }

  @Test("a call that its caller gave up is CANCELLED, even if its handler answers")
  func reset() async throws {
    let log = RecordingInterceptor.Log()
    try await Loopback.run(interceptors: [RecordingInterceptor("", log)]) { loopback in
      let responses = try await loopback.client.serverStreaming(
        EchoService.idle, Self.frame(""), options: CallOptions())
      var iterator = Optional(responses.makeAsyncIterator())
      _ = try await iterator?.next()
      let reader = Task {
        try await loopback.client.unary(
          EchoService.hang, Self.frame(""), options: CallOptions())
      }
      try await eventually("both run") {
        loopback.service.running.load(ordering: .relaxed) == 2
      }
      iterator = nil
      reader.cancel()
      _ = await reader.result
      await loopback.client.close()
      try await eventually("both have ended") { log.ends.count == 2 }
      #expect(log.ends.allSatisfy { $0.code == .cancelled })
    }
  }

  @Test("the documented example works", arguments: Transport.allCases)
  func example(transport: Transport) async throws {
    let isOn = Atomic(false)
    let maintenance = MaintenanceInterceptor { isOn.load(ordering: .relaxed) }
    try await Self.run(transport, [maintenance]) { channel in
      let answer = try await Self.call(channel, EchoService.say, "x")
      #expect(answer == "x")
      isOn.store(true, ordering: .relaxed)
      let error = await #expect(throws: RPCError.self) {
        _ = try await Self.call(channel, EchoService.say, "x")
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message == "back soon")
    }
  }

  @Test("the example is the one that ARCHITECTURE.md shows")
  func documentation() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let source = try String(
      contentsOf: here.appending(path: "MaintenanceInterceptor.swift"), encoding: .utf8)
    let root = here.appending(path: "../../..").standardized
    let page = try String(contentsOf: root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
    let start = try #require(source.range(of: "struct MaintenanceInterceptor"))
    #expect(page.contains(source[start.lowerBound...]))
  }

  private struct Principal: ServerContextKey {
    typealias Value = String
  }

  private struct Identify: ServerInterceptor {
    func intercept<Response: Sendable>(
      _ context: ServerContext, _ next: () async throws(RPCError) -> Response
    ) async throws(RPCError) -> Response {
      context[Principal.self] = context.metadata["x-user"]
      return try await next()
    }
  }

  private struct Greeting: RPCService {
    var handlers: [RPCHandler] {
      [
        RPCHandler(unary: EchoService.say) { _, context throws(RPCError) in
          InterceptorTests.frame("hello \(context[Principal.self] ?? "stranger")")
        }
      ]
    }
  }

  @Test("what an interceptor leaves in the context, the handler finds")
  func values() async throws {
    let channel = InProcessChannel(router: RPCRouter([Greeting()], interceptors: [Identify()]))
    let known = CallOptions(metadata: ["x-user": "operator"])
    #expect(try await Self.call(channel, EchoService.say, "", known) == "hello operator")
    #expect(try await Self.call(channel, EchoService.say, "") == "hello stranger")
  }

  @Test("an interceptor that is not interested in a method is not in its way")
  func prepared() async throws {
    let log = RecordingInterceptor.Log()
    let interceptor = RecordingInterceptor("i", log, only: ["Say"])
    try await Self.run(.inProcess, [interceptor]) { channel in
      _ = try await Self.call(channel, EchoService.say, "x")
      _ = try? await Self.call(channel, EchoService.fail, "5")
    }
    #expect(log.all == ["i begins Say", "i ends Say"])
  }

  @Test("calls without a handler are heard of", arguments: Transport.allCases)
  func unknownMethod(transport: Transport) async throws {
    let log = RecordingInterceptor.Log()
    let observer = RecordingObserver()
    let nothing = MethodDescriptor(service: "echo.Echo", method: "Nothing", kind: .unary)
    try await Self.run(transport, [RecordingInterceptor("", log)], observer: observer) { channel in
      _ = await #expect(throws: RPCError.self) { _ = try await Self.call(channel, nothing, "") }
    }
    #expect(log.all.isEmpty)
    let call = try #require(observer.calls.first)
    #expect(observer.calls.count == 1)
    #expect(call.path == "/echo.Echo/Nothing")
    #expect(call.method == nil)
    #expect(call.answer == .status(RPCError(.unimplemented, "unknown method /echo.Echo/Nothing")))
  }

  @Test("messages over the limit and bad headers are heard of")
  func rejected() async throws {
    let observer = RecordingObserver()
    var limits = ServerLimits()
    limits.maxMessageBytes = 10
    try await Loopback.run(limits, observer: observer) { loopback in
      _ = await #expect(throws: RPCError.self) { _ = try await loopback.say("eleven bytes") }
      _ = await #expect(throws: RPCError.self) {
        let tooMany = Metadata(dictionaryLiteral: ("x-long", String(repeating: "h", count: 17_000)))
        _ = try await loopback.say("x", CallOptions(metadata: tooMany))
      }
      let answer = try await loopback.echo("fine")
      #expect(answer == "fine")
    }
    let codes = observer.calls.map { call -> StatusCode? in
      if case .status(let error) = call.answer { error.code } else { nil }
    }
    #expect(codes == [.resourceExhausted, .resourceExhausted])
    #expect(observer.calls.first?.method == EchoService.say)
  }

  @Test("a long path is cut", arguments: [255, 256, 257])
  func longPath(length: Int) async throws {
    let observer = RecordingObserver()
    let name = String(repeating: "p", count: length - "/s/".count)
    let method = MethodDescriptor(service: "s", method: name, kind: .unary)
    try await Self.run(.inProcess, [], observer: observer) { channel in
      _ = await #expect(throws: RPCError.self) { _ = try await Self.call(channel, method, "") }
    }
    #expect(observer.calls.first?.path.utf8.count == min(length, 256))
  }
}
