// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("The log of calls", .timeLimit(.minutes(5)))
struct CallLogTests {
  private final class Lines: Sendable {
    struct Line: Sendable {
      var level: Logger.Level
      var message: String
      var metadata: Logger.Metadata
    }

    private let lines = Mutex<[Line]>([])

    var all: [Line] { lines.withLock { $0 } }

    func add(_ line: Line) { lines.withLock { $0.append(line) } }

    func logger(_ level: Logger.Level) -> Logger {
      var logger = Logger(label: "test") { _ in Handler(lines: self) }
      logger.logLevel = level
      return logger
    }
  }

  private struct Handler: LogHandler {
    let lines: Lines
    var logLevel = Logger.Level.trace
    var metadata = Logger.Metadata()

    init(lines: Lines) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.add(
        .init(
          level: event.level, message: "\(event.message)", metadata: event.metadata ?? [:]))
    }
  }

  private static func call(
    _ router: RPCRouter, _ method: MethodDescriptor, _ text: String,
    _ metadata: Metadata = Metadata()
  ) async {
    _ = try? await InProcessChannel(router: router).unary(
      method, MessageFrame { $0.writeString(text) }, options: CallOptions(metadata: metadata))
  }

  @Test(
    "the level says whose fault it was",
    arguments: [
      (StatusCode.ok, Logger.Level.debug), (.notFound, .info), (.cancelled, .info),
      (.resourceExhausted, .info), (.unauthenticated, .info), (.internalError, .error),
      (.unknown, .error), (.unavailable, .error), (.dataLoss, .error),
    ])
  func levels(code: StatusCode, level: Logger.Level) async {
    let lines = Lines()
    let router = RPCRouter(
      [EchoService()], interceptors: [CallLogInterceptor(logger: lines.logger(.debug))])
    await Self.call(
      router, code == .ok ? EchoService.say : EchoService.fail, "\(code.rawValue)")
    #expect(lines.all.map(\.level) == [level])
    #expect(lines.all.first?.metadata["rpc.code"] == "\(code.labelName)")
    #expect(lines.all.first?.metadata["peer"] == "in-process")
    #expect(lines.all.first?.metadata["duration_ms"] != nil)
  }

  @Test("an OK call is not logged at info")
  func quiet() async {
    let lines = Lines()
    let router = RPCRouter(
      [EchoService()], interceptors: [CallLogInterceptor(logger: lines.logger(.info))])
    await Self.call(router, EchoService.say, "x")
    #expect(lines.all.isEmpty)
  }

  @Test("nothing of what the caller sent or was told is in the line, but for the ids")
  func secrets() async {
    let lines = Lines()
    let router = RPCRouter(
      [EchoService()],
      interceptors: [TracingInterceptor(), CallLogInterceptor(logger: lines.logger(.debug))])
    let trace = "0af7651916cd43dd8448eb211c80319c"
    let metadata: Metadata = [
      "authorization": "Bearer geheim", "x-api-key": "geheim", "x-request-id": "r-17",
      "traceparent": "00-\(trace)-b7ad6b7169203331-01",
    ]
    await Self.call(router, EchoService.fail, "13", metadata)
    await Self.call(router, EchoService.say, "geheim", metadata)
    #expect(lines.all.count == 2)
    for line in lines.all {
      #expect(!"\(line)".contains("geheim"))
      #expect(!"\(line)".contains("as asked"))
      #expect(line.metadata["request.id"] == "r-17")
      #expect(line.metadata["trace.id"] == "\(trace)")
    }
  }

  @Test(
    "a request id that could break the log is left out",
    arguments: [
      ("r", true), (String(repeating: "r", count: 64), true),
      (String(repeating: "r", count: 65), false), ("a b", false), ("a\nb", false), ("ä", false),
    ])
  func requestID(id: String, isLogged: Bool) async {
    let lines = Lines()
    let router = RPCRouter(
      [EchoService()], interceptors: [CallLogInterceptor(logger: lines.logger(.debug))])
    await Self.call(router, EchoService.say, "x", ["x-request-id": id])
    #expect((lines.all.first?.metadata["request.id"] != nil) == isLogged)
  }

  @Test("lines beyond the budget are left out and counted; errors have a budget of their own")
  func bounded() async {
    let lines = Lines()
    let log = CallLogInterceptor(logger: lines.logger(.debug), burst: 3, perSecond: 0)
    let router = RPCRouter([EchoService()], interceptors: [log], observer: log)
    for _ in 0..<10 { await Self.call(router, EchoService.fail, "5") }
    #expect(lines.all.count == 3)
    for _ in 0..<4 { await Self.call(router, EchoService.fail, "13") }
    #expect(lines.all.map(\.level) == [.info, .info, .info, .error, .error, .error])
    let unknown = MethodDescriptor(service: "s", method: "m", kind: .unary)
    await Self.call(router, unknown, "")
    #expect(lines.all.count == 6)
    for _ in 0..<5 { await Self.call(router, EchoService.say, "x") }
    #expect(lines.all.count == 11)
  }

  @Test("how many lines were left out is said in the next one")
  func suppressed() async throws {
    let lines = Lines()
    let log = CallLogInterceptor(logger: lines.logger(.debug), burst: 1, perSecond: 10)
    let router = RPCRouter([EchoService()], interceptors: [log])
    try await eventually("a line says so") {
      await Self.call(router, EchoService.fail, "5")
      return lines.all.contains { $0.metadata["suppressed"] != nil }
    }
  }
}
