// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What tells that a file was replaced or rewritten, through symbolic links (as Kubernetes swaps them).
struct FileVersion: Hashable {
  private let device: UInt
  private let inode: UInt
  private let size: Int
  private let seconds: Int
  private let nanoseconds: Int

  /// - Returns: nil for a file that is not there.
  static func of(_ paths: [String]) -> [FileVersion?] {
    paths.map { path in
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return nil }
      return FileVersion(
        device: UInt(status.st_dev), inode: UInt(status.st_ino), size: Int(status.st_size),
        seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
  }

  /// - Throws: why a file cannot be read, in the system's words.
  static func checkReadable(_ path: String) throws(ServerTLSError) {
    guard unsafe access(path, R_OK) != 0 else { return }
    let reason = unsafe strerror(errno).map { unsafe String(cString: $0) }
    throw ServerTLSError(file: path, reason: reason ?? "cannot be read")
  }
}
