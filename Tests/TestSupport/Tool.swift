// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Testing

/// A program that is not ours: what it makes of our bytes is the judgement. The one rule for one that is missing:
/// the test is skipped, but fails where nothing may be missing (`CI` is set).
package struct Tool: Sendable {
  package let path: String

  private static let venv = "\(Repository.root)/.venv"
  private static let folders =
    ["\(venv)/bin"]
    + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    + ["/usr/bin", "/usr/sbin"]

  /// Finds a program: among what `Scripts/setup.sh test` installs from PyPI, in PATH, in the system.
  package static func named(_ name: String) throws -> Tool {
    try found(name, at: folders.map { "\($0)/\(name)" })
  }

  /// The Python of this checkout, with the packages that `Scripts/setup.sh test` installs.
  package static func python() throws -> Tool {
    try found("\(venv)/bin/python", at: ["\(venv)/bin/python"])
  }

  private static func found(_ name: String, at paths: [String]) throws -> Tool {
    if let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) {
      return Tool(path: path)
    }
    let complaint = "\(name) is not installed: run `make setup-test`"
    guard ProcessInfo.processInfo.environment["CI"] != nil else {
      try Test.cancel("\(complaint)")
    }
    throw ToolFailed(description: complaint)
  }

  /// Runs it to a successful end.
  /// - Parameters:
  ///   - input: what it reads from standard input.
  ///   - environment: added to this process's.
  /// - Returns: standard output; standard error is part of the failure.
  package func output(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
  ) async throws -> [UInt8] {
    let folder = try TemporaryDirectory()
    let complaints = "\(folder.path)/complaints"
    let run = try await Run.start(
      self, arguments, input: input, environment: environment, log: "\(folder.path)/output",
      complaints: complaints)
    let exit = try await run.end()
    guard exit == .exited(0) else {
      let text = FileManager.default.contents(atPath: complaints) ?? Data()
      throw ToolFailed(
        description: "\(path): \(exit):\n\(run.output)\(String(decoding: text, as: UTF8.self))")
    }
    return Array(FileManager.default.contents(atPath: "\(folder.path)/output") ?? Data())
  }

  /// Runs a script with the Python of this checkout, to a successful end.
  /// - Returns: what it printed; warnings are no part of it.
  package static func python(_ script: String, _ arguments: [String] = []) async throws -> String {
    try await python().text(["-c", script] + arguments)
  }

  /// Runs it to a successful end.
  /// - Returns: standard output as text.
  package func text(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) async throws -> String {
    String(
      decoding: try await output(arguments, input: Array(input.utf8), environment: environment),
      as: UTF8.self)
  }
}

/// A program did not do what it had to.
package struct ToolFailed: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) { self.description = description }
}
