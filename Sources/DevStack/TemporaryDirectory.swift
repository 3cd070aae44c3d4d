// SPDX-License-Identifier: Apache-2.0
package import Foundation
import Glibc

/// A fresh directory below the system's temporary directory, removed with its contents when this object
/// goes away. Other users may pass through it, so that servers that refuse root can live below.
package final class TemporaryDirectory: Sendable {
  package let url: URL
  package var path: String { url.path }

  package init() throws {
    Self.leftoversRemoved
    let name = "traksense-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
  }

  deinit {
    Self.remove(url)
  }

  /// Done by the first directory of a process.
  private static let leftoversRemoved: Void = removeLeftovers()

  /// A process that is killed cannot clean up: whoever comes next removes what dead processes left.
  private static func removeLeftovers() {
    let root = FileManager.default.temporaryDirectory
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: root.path) else {
      return  // Only tidying: the directory that is wanted will show whether something is wrong.
    }
    for name in names {
      let parts = name.split(separator: "-")
      guard parts.count == 3, parts[0] == "traksense", let owner = pid_t(parts[1]),
        Glibc.kill(owner, 0) == -1, errno == ESRCH
      else { continue }
      remove(root.appendingPathComponent(name))
    }
  }

  private static func remove(_ url: URL) {
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      // A server may still be writing into it; the next run's sweep gets the rest.
      return
    }
  }
}
