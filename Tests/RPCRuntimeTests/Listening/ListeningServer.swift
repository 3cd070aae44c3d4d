// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPCRuntime

/// An ``EchoService`` on addresses of a test's choice, with an event loop of its own: what other suites do
/// to theirs costs no time here.
struct ListeningServer {
  let service: EchoService
  let server: RPCServer
  let addresses: [ServerAddress]
  let group: any EventLoopGroup

  static func run(
    _ listeners: [ListenerConfiguration], _ limits: ServerLimits = Self.limits(),
    logger: Logger = Logger(label: "test"), _ body: (ListeningServer) async throws -> Void
  ) async throws {
    let service = EchoService()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = RPCServer(
      router: RPCRouter([service]), limits: limits, group: group, logger: logger)
    let result: Result<Void, any Error>
    do {
      let addresses = try await server.start(listeners)
      try await body(
        ListeningServer(service: service, server: server, addresses: addresses, group: group))
      result = .success(())
    } catch {
      result = .failure(error)
    }
    await server.shutdown()
    try await group.shutdownGracefully()
    try result.get()
  }

  /// The defaults, with a short grace for calls that a failing test leaves.
  static func limits(_ change: (inout ServerLimits) -> Void = { _ in }) -> ServerLimits {
    var limits = ServerLimits()
    limits.drainGrace = .seconds(1)
    change(&limits)
    return limits
  }

  /// The port of a TCP listener.
  func port(_ index: Int = 0) throws -> Int {
    guard case .tcp(_, let port) = addresses[index] else {
      throw NotTCP(address: addresses[index])
    }
    return port
  }

  private struct NotTCP: Error {
    let address: ServerAddress
  }
}

extension ListenerConfiguration {
  /// Any port of the loopback.
  static let loopback = ListenerConfiguration(.tcp(host: "127.0.0.1", port: 0))

  static func loopback(_ configuration: ServerTLSConfiguration) throws -> ListenerConfiguration {
    ListenerConfiguration(
      .tcp(host: "127.0.0.1", port: 0), security: .tls(try ServerTLS(configuration)))
  }
}
