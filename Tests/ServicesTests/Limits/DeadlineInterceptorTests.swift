// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime
import Testing

@testable import Services

@Suite("A call's deadline on its way to the stores", .timeLimit(.minutes(5)))
struct DeadlineInterceptorTests {
  private static let left = MethodDescriptor(service: "t.Left", method: "Left", kind: .unary)

  /// Answers with the seconds that a store would see.
  private struct Left: RPCService {
    var handlers: [RPCHandler] {
      [
        RPCHandler(unary: DeadlineInterceptorTests.left) { _, _ throws(RPCError) in
          let rest = CallDeadline.current.map { ContinuousClock.now.duration(to: $0) }
          return MessageFrame { $0.writeString(rest.map { "\($0.components.seconds)" } ?? "none") }
        }
      ]
    }
  }

  private static func ask(_ timeout: Duration?) async throws -> String {
    let channel = InProcessChannel(
      router: RPCRouter([Left()], interceptors: [DeadlineInterceptor()]))
    let reply = try await channel.unary(
      left, MessageFrame { _ in }, options: CallOptions(timeout: timeout))
    return String(buffer: reply.message)
  }

  @Test("it arrives there, and only where there is one")
  func arrives() async throws {
    #expect(try await Self.ask(nil) == "none")
    let seconds = try #require(Int(try await Self.ask(.seconds(1000))))
    #expect((900...1000).contains(seconds))
  }
}
