// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Why a folder did not do what it was asked to.
package enum FolderError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Not the name of a file directly in the folder.
  case invalidName
  /// What is there under the name is no plain file: a symbolic link, a folder, a pipe.
  case notAFile
  /// The file is larger.
  case tooLarge(limit: Int)
  /// A system call failed with this errno value.
  case system(String, code: Int32)

  /// True when the same may succeed later: no room, no descriptors, a disk or server in trouble.
  package var isTransient: Bool {
    switch self {
    case .invalidName, .notAFile, .tooLarge: false
    case .system(_, let code):
      [ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EIO, ESTALE, EAGAIN, EINTR, ENOENT].contains(code)
    }
  }

  package var description: String {
    switch self {
    case .invalidName: "not a file's name"
    case .notAFile: "not a plain file"
    case .tooLarge(let limit): "larger than \(limit) bytes"
    case .system(let action, let code):
      "\(action): \(unsafe strerror(code).map { unsafe String(cString: $0) } ?? "errno \(code)")"
    }
  }
}
