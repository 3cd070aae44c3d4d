// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// The folder of the private servers, at a place that they can reach.
package enum StackDirectory {
  /// Where data goes when the wanted place is closed to the servers' user.
  private static let refuge = "/var/lib/traksense-dev"

  /// - Parameter path: where the folder is wanted.
  /// - Returns: `path`, made when missing. As root, PostgreSQL runs as user `postgres`, who may not pass
  ///   through `/root`, say: then a folder below `/var/lib/traksense-dev`, to which a link is left at `path`.
  package static func prepare(_ path: String) throws -> String {
    let files = FileManager.default
    let wanted = URL(fileURLWithPath: path).standardizedFileURL.path
    if let target = try? files.destinationOfSymbolicLink(atPath: wanted) {
      try files.createDirectory(atPath: target, withIntermediateDirectories: true)
      return target
    }
    if let account = try ServerAccount.whenRoot("postgres") {
      do {
        try account.mustReach("\(wanted)/postgres", ignoringMissing: true)
      } catch DevStackError.notTraversable {
        let name = wanted.split(separator: "/").joined(separator: "-")
        let target = "\(refuge)/\(name)"
        try files.createDirectory(atPath: target, withIntermediateDirectories: true)
        if files.fileExists(atPath: wanted) { return target }
        try files.createSymbolicLink(atPath: wanted, withDestinationPath: target)
        return target
      }
    }
    try files.createDirectory(atPath: wanted, withIntermediateDirectories: true)
    return wanted
  }
}
