// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Where the tests find what is not compiled into them.
package enum Repository {
  /// The checkout.
  package static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The server, built beside the running tests.
  package static var traksense: String {
    get throws { try program("traksense") }
  }

  /// The folder of what was built beside the running tests.
  package static var programs: String {
    get throws { URL(filePath: try traksense).deletingLastPathComponent().path }
  }

  /// A program that was built beside the running tests.
  package static func program(_ name: String) throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var folder = URL(filePath: tests).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appending(path: name).path
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder),
        !isFolder.boolValue, FileManager.default.isExecutableFile(atPath: candidate)
      {
        return candidate
      }
      folder.deleteLastPathComponent()
    }
    throw ToolFailed(description: "no \(name) was built beside \(tests)")
  }
}
