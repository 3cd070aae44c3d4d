// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Where the tests find what is not compiled into them.
enum Repository {
  /// The checkout.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The server, built beside the running tests.
  static var traksense: String {
    get throws { try program("traksense") }
  }

  /// The folder of what was built beside the running tests.
  static var programs: String {
    get throws { URL(filePath: try traksense).deletingLastPathComponent().path }
  }

  /// A program that was built beside the running tests.
  static func program(_ name: String) throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var directory = URL(filePath: tests).deletingLastPathComponent()
    while directory.path != "/" {
      let candidate = directory.appending(path: name).path
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory),
        !isDirectory.boolValue, FileManager.default.isExecutableFile(atPath: candidate)
      {
        return candidate
      }
      directory.deleteLastPathComponent()
    }
    throw ToolFailed(description: "no \(name) was built beside \(tests)")
  }
}
