// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// Who a server that refuses root runs as: another user when we are root, else ourselves.
struct ServerAccount: Sendable {
  let name: String
  let userID: uid_t
  let groupID: gid_t

  /// - Returns: nil when this process is not root, and so needs no other account.
  /// - Throws: when it is root and there is no such user.
  static func whenRoot(_ name: String) throws(DevStackError) -> ServerAccount? {
    guard geteuid() == 0 else { return nil }
    guard let entry = unsafe getpwnam(name) else {
      throw .missingProgram("user '\(name)'", hint: "it is needed to run the server as root")
    }
    return unsafe ServerAccount(
      name: name, userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid)
  }

  /// Makes the directory this user's own.
  func takeOver(_ path: String) throws(DevStackError) {
    guard unsafe chown(path, userID, groupID) == 0 else {
      throw .system("chown \(path)", errno: errno)
    }
  }

  /// Checks that the user can get to `path` through every directory above it.
  /// - Parameter ignoringMissing: directories that are still to be made do not count.
  func mustReach(_ path: String, ignoringMissing: Bool = false) throws(DevStackError) {
    var url = URL(fileURLWithPath: path).deletingLastPathComponent()
    while true {
      var status = stat()
      guard unsafe stat(url.path, &status) == 0 else {
        if ignoringMissing, errno == ENOENT {
          url = url.deletingLastPathComponent()
          continue
        }
        throw .system("stat \(url.path)", errno: errno)
      }
      let bit: mode_t =
        status.st_uid == userID ? 0o100 : (status.st_gid == groupID ? 0o010 : 0o001)
      guard status.st_mode & bit != 0 else { throw .notTraversable(url.path, user: name) }
      if url.path == "/" { return }
      url = url.deletingLastPathComponent()
    }
  }
}
