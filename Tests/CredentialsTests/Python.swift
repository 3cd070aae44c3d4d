// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Django and PyJWT: what they make of our texts, and we of theirs, is the judgement.
enum Python {
  struct Failure: Error {
    var status: Int32
    var output: String
  }

  /// Runs a script with the Python of this checkout; the test is skipped where that is missing, and fails
  /// where nothing may be (CI).
  /// - Returns: the lines that it printed.
  static func run(_ script: String, _ arguments: [String] = []) async throws -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let python = root.appending(path: ".venv/bin/python").path
    guard FileManager.default.isExecutableFile(atPath: python) else {
      guard ProcessInfo.processInfo.environment["CI"] != nil else {
        try Test.cancel("\(python) is not installed: run `make setup-test`")
      }
      throw Failure(status: -1, output: "\(python) is not installed")
    }
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = ["-W", "ignore", "-c", script] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    // All output of these scripts fits into the pipe's 64 KiB.
    let text = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    guard status == 0 else { throw Failure(status: status, output: text) }
    return text.split(separator: "\n").map(String.init)
  }
}
