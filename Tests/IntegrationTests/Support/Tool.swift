// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Testing

/// A program that is not ours.
struct Tool: Sendable {
  let path: String

  private static let directories =
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    + ["/usr/bin", "/usr/sbin"]

  /// Finds a program; the test is skipped where it is missing, and fails where nothing may be (CI).
  static func named(_ name: String) throws -> Tool {
    for directory in directories {
      let candidate = "\(directory)/\(name)"
      if FileManager.default.isExecutableFile(atPath: candidate) { return Tool(path: candidate) }
    }
    throw try missing(name)
  }

  /// The Python of this checkout, with the packages that `Scripts/setup.sh test` installs.
  static func python() throws -> Tool {
    let path = "\(Repository.root)/.venv/bin/python"
    guard FileManager.default.isExecutableFile(atPath: path) else { throw try missing(path) }
    return Tool(path: path)
  }

  private static func missing(_ name: String) throws -> ToolMissing {
    guard ProcessInfo.processInfo.environment["CI"] != nil else {
      try Test.cancel("\(name) is not installed: run `make setup-test`")
    }
    return ToolMissing(name: name)
  }
}

struct ToolMissing: Error, CustomStringConvertible {
  let name: String
  var description: String { "\(name) is not installed: run `make setup-test`" }
}

/// A program did not do what it had to.
struct ToolFailed: Error, CustomStringConvertible {
  let description: String
}

/// A run of a program, under way or over, and what it has written.
final class Run: Sendable {
  let child: ChildProcess
  private let log: String

  /// - Parameter log: a file that does not exist yet.
  init(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:], log: String
  ) throws {
    var command = ChildProcess.Command(executable, arguments)
    command.environment = environment
    command.logFile = log
    self.log = log
    child = try ChildProcess(command)
  }

  /// Standard output and error so far.
  var output: String {
    FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Waits until the output says something, while the program runs.
  func waitFor(_ text: String, within limit: Duration = .seconds(20)) async throws {
    let said = await eventually(within: limit) { output.contains(text) || !child.isRunning }
    guard said, output.contains(text) else {
      throw ToolFailed(description: "it never said '\(text)':\n\(output)")
    }
  }

  /// Waits for the end, whatever it is.
  func end(within limit: Duration = .seconds(30)) async throws -> ChildProcess.Exit {
    if let exit = await child.wait(upTo: limit) { return exit }
    await child.kill()
    throw ToolFailed(description: "it did not end within \(limit):\n\(output)")
  }

  /// Waits for a successful end.
  @discardableResult
  func succeed(within limit: Duration = .seconds(30)) async throws -> String {
    let exit = try await end(within: limit)
    guard exit == .exited(0) else { throw ToolFailed(description: "\(exit):\n\(output)") }
    return output
  }

  /// The lines of output that are JSON of this kind; others are passed over.
  func lines<Line: Decodable>(_: Line.Type) -> [Line] {
    output.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap { line in
      // A line that is still being written does not parse yet.
      try? JSON.decode(Line.self, String(line))
    }
  }

  /// The last such line after a successful end.
  func result<Line: Decodable>(
    _: Line.Type, within limit: Duration = .seconds(30)
  ) async throws -> Line {
    try await succeed(within: limit)
    guard let line = lines(Line.self).last else { throw ToolFailed(description: output) }
    return line
  }
}

enum JSON {
  static func decode<Value: Decodable>(_: Value.Type, _ text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(text.utf8))
  }
}
