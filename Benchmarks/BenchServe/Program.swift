// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation

/// Programs that say something.
enum Program {
  /// Runs one to its end.
  /// - Returns: what it wrote, errors included.
  static func output(of program: String, _ arguments: [String]) async throws -> String {
    let directory = try TemporaryDirectory()
    var command = ChildProcess.Command(program, arguments)
    command.logFile = "\(directory.path)/out"
    try await ChildProcess.run(command, within: .seconds(300))
    return try String(contentsOfFile: "\(directory.path)/out", encoding: .utf8)
  }
}
