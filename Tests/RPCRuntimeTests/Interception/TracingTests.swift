// SPDX-License-Identifier: Apache-2.0

import InMemoryTracing
import NIOCore
import TestSupport
import Testing
import Tracing

@testable import RPCRuntime

@Suite("Tracing", .timeLimit(.minutes(5)))
struct TracingTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let parent = "00-\(trace)-b7ad6b7169203331-01"

  @Test(
    "a valid traceparent is understood",
    arguments: [
      parent, "00-\(trace)-b7ad6b7169203331-00", "01-\(trace)-b7ad6b7169203331-01",
      "cc-\(trace)-b7ad6b7169203331-01-what-the-future-will-be-like",
    ])
  func valid(text: String) {
    #expect(TraceContext(parent: text)?.traceID == Self.trace)
  }

  @Test(
    "an invalid traceparent is ignored",
    arguments: [
      "", "00", "ff-\(trace)-b7ad6b7169203331-01", "00-\(trace)-b7ad6b7169203331-01-more",
      "00-00000000000000000000000000000000-b7ad6b7169203331-01",
      "00-\(trace)-0000000000000000-01", "00-\(trace.uppercased())-b7ad6b7169203331-01",
      "00-\(trace)-b7ad6b7169203331-0", "00-\(trace)-b7ad6b7169203331-0g",
      "00_\(trace)-b7ad6b7169203331-01", "cc-\(trace)-b7ad6b7169203331-01more",
      "cc-\(trace)-b7ad6b7169203331-01-" + String(repeating: "x", count: 80),
    ])
  func invalid(text: String) {
    #expect(TraceContext(parent: text) == nil)
  }

  @Test("a tracestate that is too long is left out", arguments: [512, 513])
  func state(length: Int) {
    let state = String(repeating: "s", count: length)
    #expect(TraceContext(parent: Self.parent, state: state)?.state == (length > 512 ? "" : state))
  }

  /// Answers with the trace that it was called in.
  private struct Inner: RPCService {
    static let where_ = MethodDescriptor(service: "t.Inner", method: "Where", kind: .unary)

    var handlers: [RPCHandler] {
      [
        RPCHandler(unary: Self.where_) { _, context throws(RPCError) in
          MessageFrame {
            $0.writeString(
              (context.metadata["traceparent"] ?? "none") + " "
                + (context.metadata["tracestate"] ?? "none") + " "
                + (ServiceContext.current?[TraceContextKey.self]?.traceID ?? "none"))
          }
        }
      ]
    }
  }

  /// Asks ``Inner``, without knowing of traces.
  private struct Outer: RPCService {
    let channel: any RPCChannel

    var handlers: [RPCHandler] {
      [
        RPCHandler(unary: EchoService.say) { request, _ throws(RPCError) in
          let reply = try await channel.unary(
            Inner.where_, MessageFrame { _ in }, options: CallOptions())
          return MessageFrame { $0.writeImmutableBuffer(reply.message) }
        }
      ]
    }
  }

  private static func ask(_ metadata: Metadata) async throws -> String {
    let inner = RPCRouter([Inner()], interceptors: [TracingInterceptor()])
    let outer = Outer(channel: TracingChannel(InProcessChannel(router: inner)))
    let channel = InProcessChannel(
      router: RPCRouter([outer], interceptors: [TracingInterceptor()]))
    let reply = try await channel.unary(
      EchoService.say, MessageFrame { _ in }, options: CallOptions(metadata: metadata))
    return String(buffer: reply.message)
  }

  @Test("the calls of a handler carry the trace on")
  func propagation() async throws {
    let answer = try await Self.ask(
      ["traceparent": Self.parent, "tracestate": "vendor=1"])
    #expect(answer == "\(Self.parent) vendor=1 \(Self.trace)")
  }

  @Test("without a trace none is made up; a broken one is not passed on")
  func none() async throws {
    #expect(try await Self.ask([:]) == "none none none")
    #expect(try await Self.ask(["traceparent": "00-12-34-56"]) == "none none none")
  }

  @Test("what the caller sets itself is not touched")
  func ownHeader() async throws {
    let other = "00-11111111111111111111111111111111-2222222222222222-01"
    let inner = RPCRouter([Inner()], interceptors: [TracingInterceptor()])
    var service = ServiceContext.topLevel
    service[TraceContextKey.self] = TraceContext(parent: Self.parent)
    let reply = try await ServiceContext.withValue(service) {
      try await TracingChannel(InProcessChannel(router: inner)).unary(
        Inner.where_, MessageFrame { _ in },
        options: CallOptions(metadata: ["traceparent": other]))
    }
    #expect(String(buffer: reply.message).hasPrefix(other))
  }

  @Test("with a tracer each call is a span that says how it ended")
  func spans() async throws {
    let tracer = InMemoryTracer()
    try await Loopback.run(interceptors: [TracingInterceptor(tracer: tracer)]) { loopback in
      _ = try await loopback.say("x", CallOptions(metadata: ["traceparent": Self.parent]))
      for code in ["5", "13"] {
        _ = try? await loopback.client.unary(
          EchoService.fail, MessageFrame { $0.writeString(code) }, options: CallOptions())
      }
      try await eventually("all spans have ended") { tracer.finishedSpans.count == 3 }
    }
    let spans = tracer.finishedSpans
    #expect(spans.map(\.operationName) == ["echo.Echo/Say", "echo.Echo/Fail", "echo.Echo/Fail"])
    #expect(spans.allSatisfy { $0.kind == .server })
    #expect(spans.map { $0.attributes["rpc.grpc.status_code"]?.toSpanAttribute() } == [0, 5, 13])
    #expect(spans.map { $0.status?.code == .error } == [false, false, true])
    #expect(spans[0].attributes["rpc.system"]?.toSpanAttribute() == "grpc")
    #expect(spans[0].attributes["rpc.service"]?.toSpanAttribute() == "echo.Echo")
    #expect(spans[0].attributes["rpc.method"]?.toSpanAttribute() == "Say")
  }

  @Test("a handler's calls are children of its span")
  func children() async throws {
    let tracer = InMemoryTracer()
    let inner = RPCRouter([Inner()], interceptors: [TracingInterceptor(tracer: tracer)])
    let outer = Outer(
      channel: TracingChannel(InProcessChannel(router: inner), tracer: tracer))
    let router = RPCRouter([outer], interceptors: [TracingInterceptor(tracer: tracer)])
    _ = try await InProcessChannel(router: router).unary(
      EchoService.say, MessageFrame { _ in }, options: CallOptions())
    let spans = tracer.finishedSpans
    #expect(spans.map(\.operationName) == ["t.Inner/Where", "echo.Echo/Say"])
    #expect(spans.first?.parentSpanID == spans.last?.spanID)
    #expect(spans.first?.traceID == spans.last?.traceID)
  }
}
