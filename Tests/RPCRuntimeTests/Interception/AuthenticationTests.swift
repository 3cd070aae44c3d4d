// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("Authentication", .timeLimit(.minutes(5)))
struct AuthenticationTests {
  private struct Doorman: Authenticator {
    func authenticate(_ context: ServerContext) async throws(RPCError) -> String? {
      switch context.metadata["x-user"] {
      case nil: return nil
      case "banned": throw RPCError(.permissionDenied, "not here")
      case "forged": throw RPCError(.unauthenticated, "unknown key")
      case let user?: return user
      }
    }
  }

  private struct Who: RPCService {
    static let am = MethodDescriptor(service: "who.Who", method: "AmI", kind: .unary)
    static let open = MethodDescriptor(service: "who.Who", method: "Open", kind: .unary)

    var handlers: [RPCHandler] {
      [Self.am, Self.open].map { method in
        RPCHandler(unary: method) { _, context throws(RPCError) in
          let user = context[AuthenticationInterceptor<Doorman>.Principal.self]
          return MessageFrame { $0.writeString(user ?? "nobody") }
        }
      }
    }
  }

  private static func ask(_ method: MethodDescriptor, _ user: String?) async throws -> String {
    let interceptor = AuthenticationInterceptor(Doorman()) { $0 == Who.open ? .open : .required }
    let channel = InProcessChannel(router: RPCRouter([Who()], interceptors: [interceptor]))
    var options = CallOptions()
    if let user { options.metadata.add(user, for: "x-user") }
    return String(
      buffer: try await channel.unary(method, MessageFrame { _ in }, options: options).message)
  }

  @Test("the handler finds who calls")
  func known() async throws {
    #expect(try await Self.ask(Who.am, "operator") == "operator")
  }

  @Test(
    "the handler does not run for others",
    arguments: [
      (nil, StatusCode.unauthenticated), ("forged", .unauthenticated),
      ("banned", .permissionDenied),
    ])
  func refused(user: String?, code: StatusCode) async throws {
    let error = await #expect(throws: RPCError.self) { _ = try await Self.ask(Who.am, user) }
    #expect(error?.code == code)
  }

  @Test("on an open method credentials are not looked at", arguments: [nil, "forged", "operator"])
  func open(user: String?) async throws {
    #expect(try await Self.ask(Who.open, user) == "nobody")
  }
}
