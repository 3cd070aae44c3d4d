// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Testing

/// A program that is not ours, run beside a test.
final class ForeignProgram: Sendable {
  private let child: ChildProcess
  private let log: String

  /// - Parameters:
  ///   - name: looked up in PATH.
  ///   - folder: where its output goes.
  ///   - input: file for its standard input.
  init(
    _ name: String, _ arguments: [String], in folder: TemporaryDirectory, input: String? = nil,
    environment: [String: String] = [:]
  ) throws {
    log = "\(folder.path)/\(UInt64.random(in: 0...UInt64.max)).log"
    var command = ChildProcess.Command(try Self.find(name), arguments)
    command.logFile = log
    command.inputFile = input
    command.environment = environment
    child = try ChildProcess(command)
  }

  /// `Clients/echo.py` with grpcio.
  static func echo(
    _ target: String, _ arguments: [String], in folder: TemporaryDirectory
  ) throws -> ForeignProgram {
    let script = "\(root)/Tests/RPCRuntimeTests/Clients/echo.py"
    return try ForeignProgram(
      "\(root)/.venv/bin/python", [script, target] + arguments, in: folder,
      environment: ["GRPC_VERBOSITY": "NONE", "PYTHONDONTWRITEBYTECODE": "1"])
  }

  var output: String {
    FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Waits until the output says something.
  func waitFor(_ text: String) async throws {
    try await eventually("'\(text)' in \(output)") { output.contains(text) || !child.isRunning }
    #expect(output.contains(text), "\(output)")
  }

  /// Waits for the end.
  /// - Returns: how it ended, and the output.
  func end() async throws -> (exit: ChildProcess.Exit, output: String) {
    let exit = await child.wait(upTo: .seconds(50))
    if exit == nil { await child.kill() }
    return (try #require(exit, "it did not end: \(output)"), output)
  }

  /// Waits for a successful end.
  /// - Returns: the output.
  @discardableResult
  func succeed() async throws -> String {
    let (exit, output) = try await end()
    #expect(exit == .exited(0), "\(output)")
    return output
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  private static func find(_ name: String) throws -> String {
    let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let candidates = name.hasPrefix("/") ? [name] : (paths + ["/usr/bin"]).map { "\($0)/\(name)" }
    if let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) {
      return path
    }
    guard ProcessInfo.processInfo.environment["CI"] != nil else {
      try Test.cancel("\(name) is not installed: run `make setup-test`")
    }
    throw Missing(name: name)
  }

  private struct Missing: Error {
    let name: String
  }
}
