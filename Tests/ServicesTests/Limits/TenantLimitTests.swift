// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime
import Synchronization
import TestSupport
import Testing

@testable import Services

@Suite("Limits per tenant", .timeLimit(.minutes(5)))
struct TenantLimitTests {
  private static let hold = MethodDescriptor(service: "t.Hold", method: "Hold", kind: .unary)
  private static let watch = MethodDescriptor(
    service: "t.Hold", method: "Watch", kind: .serverStreaming)
  private static let answer = MethodDescriptor(service: "t.Hold", method: "Answer", kind: .unary)

  /// Holds calls until they are cancelled.
  private final class Holder: RPCService {
    let running = Atomic(0)

    var handlers: [RPCHandler] {
      [
        RPCHandler(unary: TenantLimitTests.hold) { _, _ throws(RPCError) in
          await self.wait()
          throw RPCError(.cancelled, "held")
        },
        RPCHandler(serverStreaming: TenantLimitTests.watch) { _, _, _ throws(RPCError) in
          await self.wait()
          throw RPCError(.cancelled, "held")
        },
        RPCHandler(unary: TenantLimitTests.answer) { _, _ throws(RPCError) in
          MessageFrame { _ in }
        },
      ]
    }

    private func wait() async {
      running.add(1, ordering: .relaxed)
      // Ends with the call.
      try? await Task.sleep(for: .seconds(3600))
      running.subtract(1, ordering: .relaxed)
    }
  }

  /// Leaves tenants that exist in the context, as the interceptor before this does.
  private struct FoundTenant: ServerInterceptor {
    func intercept<Response: Sendable>(
      _ context: ServerContext, _ next: () async throws(RPCError) -> Response
    ) async throws(RPCError) -> Response {
      switch context.metadataValue("x-tenant") {
      case "umc": context[CallTenant.self] = .umc
      case "acme": context[CallTenant.self] = .sample(2, "acme")
      default: break
      }
      return try await next()
    }
  }

  private struct Fixture {
    let holder = Holder()
    let interceptor: TenantLimitInterceptor
    let channel: InProcessChannel

    init(_ limits: TenantLimits) {
      interceptor = TenantLimitInterceptor(limits: limits)
      channel = InProcessChannel(
        router: RPCRouter([holder], interceptors: [FoundTenant(), interceptor]))
    }

    func call(_ method: MethodDescriptor, _ tenant: String) async throws(RPCError) {
      _ = try await channel.unary(
        method, MessageFrame { _ in }, options: CallOptions(metadata: ["x-tenant": tenant]))
    }

    func watch(_ tenant: String) async throws(RPCError) {
      let stream = try await channel.serverStreaming(
        TenantLimitTests.watch, MessageFrame { _ in },
        options: CallOptions(metadata: ["x-tenant": tenant]))
      for try await _ in stream {}
    }
  }

  @Test(
    "calls beyond the limit are refused, another tenant's are not, and an end makes room",
    arguments: [false, true])
  func concurrency(streams: Bool) async throws {
    var limits = TenantLimits.none
    if streams { limits.concurrentStreams = 3 } else { limits.concurrentCalls = 3 }
    let fixture = Fixture(limits)
    let run: @Sendable (String) async throws -> Void = { tenant in
      if streams {
        try await fixture.watch(tenant)
      } else {
        try await fixture.call(Self.hold, tenant)
      }
    }
    let held = (0..<3).map { _ in Task { try await run("umc") } }
    try await eventually("it comes to that") {
      fixture.holder.running.load(ordering: .relaxed) == 3
    }
    let error = await #expect(throws: RPCError.self) { try await run("umc") }
    #expect(error?.code == .resourceExhausted)
    #expect(error?.retryAfter == .seconds(1))
    // The other kind of call, and the other tenant, go on.
    try await fixture.call(Self.answer, "acme")
    if streams { try await fixture.call(Self.answer, "umc") }
    let others = (0..<3).map { _ in Task { try await run("acme") } }
    try await eventually("it comes to that") {
      fixture.holder.running.load(ordering: .relaxed) == 6
    }
    held[0].cancel()
    try await eventually("it comes to that") {
      fixture.holder.running.load(ordering: .relaxed) == 5
    }
    _ = await held[0].result
    let next = Task { try await run("umc") }
    try await eventually("it comes to that") {
      fixture.holder.running.load(ordering: .relaxed) == 6
    }
    for task in held + others + [next] { task.cancel() }
    for task in held + others + [next] { _ = await task.result }
    try await eventually("it comes to that") { fixture.interceptor.tenantsInUse == 0 }
  }

  @Test("one tenant's rate is used up by itself alone")
  func rate() async throws {
    var limits = TenantLimits.none
    limits.callsPerSecond = 1
    let fixture = Fixture(limits)
    for _ in 0..<2 { try await fixture.call(Self.answer, "umc") }
    let error = await #expect(throws: RPCError.self) {
      for _ in 0..<100 { try await fixture.call(Self.answer, "umc") }
    }
    #expect(error?.code == .resourceExhausted)
    let wait = try #require(error?.retryAfter)
    #expect(wait > .zero && wait <= .seconds(1))
    for _ in 0..<2 { try await fixture.call(Self.answer, "acme") }
  }

  @Test("the rate comes back with time", arguments: [999, 1000, 1001])
  func refill(milliseconds: Int64) {
    var limits = TenantLimits.none
    limits.callsPerSecond = 1
    let quotas = TenantQuotas(limits)
    let start = NIODeadline.now()
    for _ in 0..<2 { #expect(quotas.enter(.umc, isStream: false, at: start) == nil) }
    #expect(quotas.enter(.umc, isStream: false, at: start)?.retryAfter == .seconds(1))
    let refusal = quotas.enter(.umc, isStream: false, at: start + .milliseconds(milliseconds))
    #expect((refusal == nil) == (milliseconds >= 1000))
  }

  @Test("calls of no tenant take no memory and reach their handler")
  func unknown() async throws {
    var limits = TenantLimits.none
    limits.callsPerSecond = 1
    let fixture = Fixture(limits)
    for index in 0..<100 { try await fixture.call(Self.answer, "invented-\(index)") }
    #expect(fixture.interceptor.tenantsInUse == 0)
  }

  @Test("without limits the interceptor is not there")
  func off() {
    let none = TenantLimitInterceptor(limits: .none)
    #expect(none.prepared(for: Self.answer) == nil)
    #expect(none.prepared(for: Self.watch) == nil)
    var limits = TenantLimits.none
    limits.concurrentStreams = 1
    let streams = TenantLimitInterceptor(limits: limits)
    #expect(streams.prepared(for: Self.answer) == nil)
    #expect(streams.prepared(for: Self.watch) != nil)
  }
}
