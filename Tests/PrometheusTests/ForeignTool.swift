// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A program that is not ours; the test is skipped where it is missing, and fails where nothing may be (CI).
struct ForeignTool {
  private let path: String

  private struct Missing: Error {
    let path: String
  }

  /// The Python of this checkout, with the packages that `Scripts/setup.sh test` installs.
  static func python() throws -> ForeignTool {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try ForeignTool(root.path + "/.venv/bin/python")
  }

  static func curl() throws -> ForeignTool { try ForeignTool("/usr/bin/curl") }

  private init(_ path: String) throws {
    if !FileManager.default.isExecutableFile(atPath: path) {
      guard ProcessInfo.processInfo.environment["CI"] != nil else {
        try Test.cancel("\(path) is not installed: run `make setup-test`")
      }
      throw Missing(path: path)
    }
    self.path = path
  }

  /// Runs it to its end.
  /// - Parameters:
  ///   - arguments: given to the program.
  ///   - input: what it reads from a file, whose name becomes the last argument.
  /// - Returns: what it wrote to standard output.
  func run(_ arguments: [String], input: String? = nil) async throws -> String {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let output = directory.appending(path: "output")
    try Data().write(to: output)
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    if let input {
      let file = directory.appending(path: "input")
      try Data(input.utf8).write(to: file)
      process.arguments?.append(file.path)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    #expect(status == 0)
    return try String(contentsOf: output, encoding: .utf8)
  }
}
