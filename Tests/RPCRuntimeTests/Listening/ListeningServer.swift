// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPCRuntime

/// An ``EchoService`` on addresses of a test's choice.
struct ListeningServer {
  let service: EchoService
  let server: RPCServer
  let addresses: [ServerAddress]

  static func run(
    _ listeners: [ListenerConfiguration], _ limits: ServerLimits = ServerLimits(),
    logger: Logger = Logger(label: "test"), _ body: (ListeningServer) async throws -> Void
  ) async throws {
    let service = EchoService()
    var limits = limits
    limits.drainGrace = .seconds(1)
    let server = RPCServer(
      router: RPCRouter([service]), limits: limits, group: MultiThreadedEventLoopGroup.singleton,
      logger: logger)
    let addresses = try await server.start(listeners)
    do {
      try await body(ListeningServer(service: service, server: server, addresses: addresses))
    } catch {
      await server.shutdown()
      throw error
    }
    await server.shutdown()
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
