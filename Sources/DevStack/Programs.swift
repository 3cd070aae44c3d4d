// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Finds installed programs.
enum Programs {
  /// Directories that servers are installed in but users' PATH often lacks.
  private static let systemDirectories = ["/usr/local/sbin", "/usr/sbin", "/usr/bin", "/bin"]

  /// - Returns: the absolute path of an executable on PATH or in the system directories.
  static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let directories = path.split(separator: ":").map(String.init) + systemDirectories
    for directory in directories {
      let candidate = "\(directory)/\(name)"
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    return nil
  }
}

/// The last lines of a log, for error messages.
enum LogTail {
  static func read(_ path: String?, bytes limit: Int = 4_000) -> String {
    guard let path, let data = FileManager.default.contents(atPath: path) else { return "(no log)" }
    return String(decoding: data.suffix(limit), as: UTF8.self)
  }
}
