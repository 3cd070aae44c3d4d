// SPDX-License-Identifier: Apache-2.0
package import DevStack
import Foundation
import Glibc

/// A run of a program, under way or over, and what it has written. The limits guard against hanging: nothing
/// takes so long, however slow the machine.
package final class Run: Sendable {
  package let child: ChildProcess
  private let log: String
  /// Where the log is, unless somebody else keeps it.
  private let folder: TemporaryDirectory?

  /// What to run, and where it writes.
  private struct Order {
    let command: ChildProcess.Command
    let log: String
    let folder: TemporaryDirectory?

    init(
      _ executable: String, _ arguments: [String], _ input: [UInt8],
      _ environment: [String: String], _ log: String?, _ complaints: String?
    ) throws {
      folder = log == nil ? try TemporaryDirectory() : nil
      self.log = log ?? "\(folder?.path ?? "")/log"
      var command = ChildProcess.Command(executable, arguments)
      command.environment = [
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "GRPC_VERBOSITY": "NONE",
      ].merging(environment) { $1 }
      if !input.isEmpty {
        try Data(input).write(to: URL(filePath: "\(self.log).input"))
        command.inputFile = "\(self.log).input"
      }
      command.logFile = self.log
      command.errorFile = complaints
      self.command = command
    }
  }

  private init(_ child: ChildProcess, _ order: Order) {
    self.child = child
    log = order.log
    folder = order.folder
  }

  /// Starts a program.
  /// - Parameters:
  ///   - input: what it reads from standard input.
  ///   - environment: added to this process's.
  ///   - log: a file that does not exist yet; nil: one that goes with this object.
  package convenience init(
    _ executable: String, _ arguments: [String], input: [UInt8] = [],
    environment: [String: String] = [:], log: String? = nil
  ) throws {
    let order = try Order(executable, arguments, input, environment, log, nil)
    self.init(try ChildProcess(order.command), order)
  }

  package convenience init(
    _ tool: Tool, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
    log: String? = nil
  ) throws {
    try self.init(tool.path, arguments, input: input, environment: environment, log: log)
  }

  /// Starts a program without blocking the caller's thread, which a server in this process may want.
  /// - Parameter complaints: a file for standard error; nil: it goes into the log.
  package static func start(
    _ tool: Tool, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
    log: String? = nil, complaints: String? = nil
  ) async throws -> Run {
    let order = try Order(tool.path, arguments, input, environment, log, complaints)
    return Run(try await ChildProcess.start(order.command), order)
  }

  /// Standard output and error so far.
  package var output: String {
    FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Waits until something holds, while the program runs.
  package func wait(
    for what: String, within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
  ) async throws {
    var holds = false
    _ = try await eventually(within: limit) {
      // Looked at first: what a program wrote before it ended counts.
      let isRunning = child.isRunning
      holds = try await condition()
      return holds || !isRunning
    }
    guard holds else { throw ToolFailed(description: "\(what) did not come:\n\(output)") }
  }

  /// Waits until the output says something, while the program runs.
  package func waitFor(_ text: String, within limit: Duration = .seconds(60)) async throws {
    try await wait(for: "'\(text)'", within: limit) { output.contains(text) }
  }

  /// Waits for the end, whatever it is. A cancelled task kills it.
  package func end(within limit: Duration = .seconds(120)) async throws -> ChildProcess.Exit {
    let exit = await withTaskCancellationHandler {
      await child.wait(upTo: limit)
    } onCancel: {
      child.send(SIGKILL)
    }
    if let exit { return exit }
    await child.kill()
    throw ToolFailed(description: "it did not end within \(limit):\n\(output)")
  }

  /// Waits for a successful end.
  /// - Returns: the output.
  @discardableResult
  package func succeed(within limit: Duration = .seconds(120)) async throws -> String {
    let exit = try await end(within: limit)
    guard exit == .exited(0) else { throw ToolFailed(description: "\(exit):\n\(output)") }
    return output
  }

  /// The lines of output that are JSON of this kind; others are passed over.
  package func lines<Line: Decodable>(_: Line.Type) -> [Line] {
    output.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap { line in
      // A line that is still being written does not parse yet.
      try? JSON.decode(Line.self, String(line))
    }
  }

  /// The last such line after a successful end.
  package func result<Line: Decodable>(
    _: Line.Type, within limit: Duration = .seconds(120)
  ) async throws -> Line {
    try await succeed(within: limit)
    guard let line = lines(Line.self).last else { throw ToolFailed(description: output) }
    return line
  }
}
