// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RPCRuntime

/// One of our own servers, which says who it is.
final class NamedServer: Sendable {
  static let name = MethodDescriptor(service: "named.Named", method: "Name", kind: .unary)

  let port: Int
  let echo = EchoService()
  private let server: RPCServer

  private struct Service: RPCService {
    let name: String

    var handlers: [RPCHandler] {
      [
        RPCHandler(unary: NamedServer.name) { _, _ throws(RPCError) in
          MessageFrame { $0.writeString(name) }
        }
      ]
    }
  }

  init(
    _ name: String, port: Int = 0, host: String = "127.0.0.1", _ limits: ServerLimits = .impatient
  ) async throws {
    server = RPCServer(
      router: RPCRouter([Service(name: name), echo]), limits: limits,
      group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
    self.port = try await server.start(host: host, port: port)
  }

  var target: ClientTarget { .host("127.0.0.1", port: port) }

  func stop() async { await server.shutdown() }
}

extension ServerLimits {
  /// Calls that a test has left unfinished are not waited for.
  static var impatient: ServerLimits {
    var limits = ServerLimits()
    limits.drainGrace = .milliseconds(100)
    return limits
  }
}
