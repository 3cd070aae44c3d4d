// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPCRuntime

/// A server with an ``EchoService`` and a client connection to it, for the time of one test.
struct Loopback {
  let service: EchoService
  let server: RPCServer
  let port: Int
  let client: RPCConnection
  let group: any EventLoopGroup

  static func run(
    _ limits: ServerLimits = ServerLimits(), allowedOrigins: [String] = [],
    interceptors: [any ServerInterceptor] = [], observer: (any ServerObserver)? = nil,
    _ body: (Loopback) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let service = EchoService()
    let server = RPCServer(
      router: RPCRouter([service], interceptors: interceptors, observer: observer), limits: limits,
      allowedOrigins: allowedOrigins, group: group, logger: Logger(label: "test"))
    let port = try await server.start(host: "127.0.0.1", port: 0)
    let client = try await RPCConnection.connect(host: "127.0.0.1", port: port, group: group)
    do {
      try await body(
        Loopback(service: service, server: server, port: port, client: client, group: group))
    } catch {
      await client.close()
      await server.shutdown()
      throw error
    }
    await client.close()
    await server.shutdown()
  }

  func echo(_ text: String) async throws -> String {
    String(buffer: try await say(text).message)
  }

  func say(_ text: String, _ options: CallOptions = CallOptions()) async throws -> UnaryReply {
    try await client.unary(EchoService.say, MessageFrame { $0.writeString(text) }, options: options)
  }
}
