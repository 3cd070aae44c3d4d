// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Glibc
import NIOCore
import NIOPosix
import RPCRuntime
import Testing

/// A grpcio server in a process of its own: `Servers/server.py`.
final class ForeignServer: Sendable {
  static func method(_ name: String, _ kind: MethodKind = .unary) -> MethodDescriptor {
    MethodDescriptor(service: "foreign.Foreign", method: name, kind: kind)
  }

  let port: Int
  private let process: ChildProcess
  private let folder: TemporaryDirectory

  struct NotStarted: Error {
    let output: String
  }

  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Starts one and waits until it listens. The test is skipped where grpcio is missing, and fails where
  /// nothing may be (CI).
  init(
    address: String = "127.0.0.1:0", name: String = "", _ arguments: [String] = []
  ) async throws {
    let root = Self.tests.deletingLastPathComponent().deletingLastPathComponent()
    let python = root.appending(path: ".venv/bin/python").path
    guard FileManager.default.isExecutableFile(atPath: python) else {
      guard ProcessInfo.processInfo.environment["CI"] != nil else {
        try Test.cancel("\(python) is not installed: run `make setup-test`")
      }
      throw NotStarted(output: "\(python) is not installed")
    }
    let folder = try TemporaryDirectory()
    let log = "\(folder.path)/log"
    var command = ChildProcess.Command(
      python,
      [Self.tests.appending(path: "Servers/server.py").path, address, "--name", name] + arguments)
    command.environment = ["PYTHONDONTWRITEBYTECODE": "1", "GRPC_VERBOSITY": "NONE"]
    command.logFile = log
    let process = try ChildProcess(command)
    var port: Int?
    try await eventually("the foreign server listens") {
      let output = FileManager.default.contents(atPath: log) ?? Data()
      let line = output.split(separator: UInt8(ascii: "\n")).first { $0.first == UInt8(ascii: "{") }
      port = line.flatMap { try? JSONDecoder().decode([String: Int].self, from: $0)["port"] }
      return port != nil || !process.isRunning
    }
    guard let port else {
      throw NotStarted(output: (try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
    }
    self.port = port
    self.process = process
    self.folder = folder
  }

  var target: ClientTarget { .host("127.0.0.1", port: port) }

  /// GOAWAY, and running calls may finish.
  func drain() { process.send(SIGTERM) }

  func stop() async { _ = await process.stop() }

  func kill() async { _ = await process.kill() }
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
