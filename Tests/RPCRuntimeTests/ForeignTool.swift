// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// Programs that are not ours: what they make of the server's bytes is the judgement.
enum ForeignTool {
  struct Failure: Error {
    var status: Int32
    var output: String
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Runs a script with the Python of this checkout, which has grpcio; the test is skipped where that is
  /// missing, and fails where nothing may be (CI).
  /// - Returns: what it printed.
  static func python(_ script: String, _ arguments: [String] = []) async throws -> String {
    let python = root.appending(path: ".venv/bin/python").path
    guard FileManager.default.isExecutableFile(atPath: python) else {
      guard ProcessInfo.processInfo.environment["CI"] != nil else {
        try Test.cancel("\(python) is not installed: run `make setup-test`")
      }
      throw Failure(status: -1, output: "\(python) is not installed")
    }
    return String(decoding: try await run(python, ["-c", script] + arguments), as: UTF8.self)
  }

  /// What gzip(1) makes of some bytes.
  static func gzip(_ bytes: [UInt8]) async throws -> [UInt8] {
    try await run("/usr/bin/env", ["gzip", "-9", "-n", "-c"], input: bytes)
  }

  static func gunzip(_ bytes: [UInt8]) async throws -> [UInt8] {
    try await run("/usr/bin/env", ["gzip", "-d", "-c"], input: bytes)
  }

  /// - Returns: standard output; standard error is part of the failure.
  static func run(
    _ path: String, _ arguments: [String], input: [UInt8] = []
  ) async throws -> [UInt8] {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "tool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    func handle(_ name: String, _ content: [UInt8] = []) throws -> FileHandle {
      let file = directory.appending(path: name)
      try Data(content).write(to: file)
      return try FileHandle(forUpdating: file)
    }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging([
      "PYTHONDONTWRITEBYTECODE": "1", "GRPC_VERBOSITY": "NONE",
    ]) { $1 }
    process.standardInput = try handle("in", input)
    process.standardOutput = try handle("out")
    process.standardError = try handle("err")
    let status: Int32 = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
        do {
          try process.run()
        } catch {
          process.terminationHandler = nil
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      // Children inherit a signal mask that keeps everything else from them.
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
    let output = try Data(contentsOf: directory.appending(path: "out"))
    guard status == 0 else {
      let complaint = try Data(contentsOf: directory.appending(path: "err"))
      throw Failure(status: status, output: String(decoding: output + complaint, as: UTF8.self))
    }
    return Array(output)
  }
}
