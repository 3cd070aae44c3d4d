// SPDX-License-Identifier: Apache-2.0

import DevStack
import Glibc
import NIOCore
import NIOPosix
import RPCRuntime
import TestSupport
import Testing

/// A grpcio server in a process of its own: `Servers/server.py`.
final class ForeignServer: Sendable {
  static func method(_ name: String, _ kind: MethodKind = .unary) -> MethodDescriptor {
    MethodDescriptor(service: "foreign.Foreign", method: name, kind: kind)
  }

  let port: Int
  private let server: Run

  private struct Listening: Decodable {
    let port: Int
  }

  /// Starts one and waits until it listens.
  init(
    address: String = "127.0.0.1:0", name: String = "", _ arguments: [String] = []
  ) async throws {
    let script = "\(Repository.root)/Tests/RPCRuntimeTests/Servers/server.py"
    let server = try Run(Tool.python(), [script, address, "--name", name] + arguments)
    var port: Int?
    try await server.wait(for: "the port") {
      port = server.lines(Listening.self).first?.port
      return port != nil
    }
    self.port = try #require(port)
    self.server = server
  }

  var target: ClientTarget { .host("127.0.0.1", port: port) }

  /// GOAWAY, and running calls may finish.
  func drain() { server.child.send(SIGTERM) }

  func stop() async { _ = await server.child.stop() }

  func kill() async { _ = await server.child.kill() }
}

/// A client for the time of one test.
func withClient(
  _ target: ClientTarget, _ configuration: ClientConfiguration = .quick,
  _ body: (RPCClient) async throws -> Void
) async throws {
  let client = try RPCClient(
    target, configuration, group: MultiThreadedEventLoopGroup.singleton)
  do {
    try await body(client)
  } catch {
    await client.close()
    throw error
  }
  await client.close()
}

extension ClientConfiguration {
  /// Does not let tests wait long for the next attempt to connect.
  static var quick: ClientConfiguration {
    var configuration = ClientConfiguration()
    configuration.backoff.initial = .milliseconds(50)
    configuration.backoff.maximum = .milliseconds(500)
    return configuration
  }
}

extension RPCChannel {
  func ask(
    _ method: MethodDescriptor, _ text: String = "", _ options: CallOptions = CallOptions()
  ) async throws(RPCError) -> String {
    String(
      buffer: try await unary(method, MessageFrame { $0.writeString(text) }, options: options)
        .message)
  }

  /// - Returns: how the call failed; nil: it did not.
  func failure(
    _ method: MethodDescriptor, _ text: String = "", _ options: CallOptions = CallOptions()
  ) async -> RPCError? {
    do throws(RPCError) {
      _ = try await ask(method, text, options)
      return nil
    } catch {
      return error
    }
  }
}
