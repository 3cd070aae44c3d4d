// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Testing

/// Programs that are not ours; a test is skipped where one is missing, and fails where nothing may be (CI).
enum Foreign {
  struct Missing: Error {
    let path: String
  }

  /// The folder of this checkout.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  static func script(_ name: String) -> String { "\(root)/Tests/AdapterTests/Foreign/\(name)" }

  /// - Parameter name: looked up among what `Scripts/setup.sh test` installs, then in the system.
  static func program(_ name: String) throws -> String {
    let candidates = ["\(root)/.venv/bin/\(name)", "/usr/bin/\(name)"]
    if let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) {
      return path
    }
    guard ProcessInfo.processInfo.environment["CI"] != nil else {
      try Test.cancel("\(name) is not installed: run `make setup-test`")
    }
    throw Missing(path: candidates[0])
  }

  /// Runs a program to its end.
  /// - Returns: what it wrote.
  @discardableResult
  static func run(_ name: String, _ arguments: [String]) async throws -> String {
    let folder = try TemporaryDirectory()
    var command = ChildProcess.Command(try program(name), arguments)
    command.environment = ["PYTHONDONTWRITEBYTECODE": "1"]
    command.logFile = "\(folder.path)/output"
    try await ChildProcess.run(command)
    return try String(contentsOfFile: "\(folder.path)/output", encoding: .utf8)
  }

  /// Lines of JSON in what a program wrote, those that are no such thing left out.
  static func values<Value: Decodable>(of type: Value.Type, in output: String) -> [Value] {
    output.split(separator: "\n").compactMap { line in
      try? JSONDecoder().decode(type, from: Data(line.utf8))
    }
  }
}

/// A server that is not ours, for the time of one test.
final class ForeignServer: Sendable {
  private let process: ChildProcess
  private let folder: TemporaryDirectory
  var path: String { folder.path }

  struct NotStarted: Error {
    let output: String
  }

  /// Starts it. It keeps its files in ``path``, which `arguments` gets.
  init(_ name: String, _ arguments: (String) -> [String]) throws {
    folder = try TemporaryDirectory()
    var command = ChildProcess.Command(try Foreign.program(name), arguments(folder.path))
    command.environment = ["PYTHONDONTWRITEBYTECODE": "1"]
    command.logFile = "\(folder.path)/log"
    process = try ChildProcess(command)
  }

  var output: String {
    (try? String(contentsOfFile: "\(path)/log", encoding: .utf8)) ?? ""
  }

  /// Waits until `isReady`.
  func wait(_ isReady: () async throws -> Bool) async throws {
    let isUp = try await eventually(within: .seconds(30)) {
      guard process.isRunning else { throw NotStarted(output: output) }
      return try await isReady()
    }
    guard isUp else { throw NotStarted(output: output) }
  }

  func kill() async { _ = await process.kill() }
}

/// A certificate for 127.0.0.1 that is its own authority.
struct TestCertificate {
  private let folder: TemporaryDirectory
  var certificate: String { "\(folder.path)/certificate.pem" }
  var key: String { "\(folder.path)/key.pem" }

  init(for name: String = "IP:127.0.0.1") async throws {
    folder = try TemporaryDirectory()
    try await Foreign.run(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=\(name)", "-keyout", key,
        "-out", certificate,
      ])
  }
}
