// SPDX-License-Identifier: Apache-2.0

/// Why a private server could not be brought up; each case says what to do about it.
package enum DevStackError: Error, Sendable, CustomStringConvertible {
  /// A program is not installed where it was looked for.
  case missingProgram(String, hint: String)
  /// A server ended, or was not ready in time; with the end of its log.
  case notReady(String, log: String)
  /// A program that should have succeeded did not; with the end of its log.
  case programFailed(String, ChildProcess.Exit, log: String)
  /// Servers that refuse to run as root cannot reach the directory as another user.
  case notTraversable(String, user: String)
  /// An operating system call failed.
  case system(String, errno: Int32)

  package var description: String {
    switch self {
    case .missingProgram(let name, let hint): "\(name) was not found: \(hint)"
    case .notReady(let name, let log): "\(name) did not become ready; its log ends:\n\(log)"
    case .programFailed(let name, let exit, let log): "\(name) failed (\(exit)):\n\(log)"
    case .notTraversable(let path, let user):
      "user '\(user)' may not pass through \(path); choose another directory or `chmod o+x` it"
    case .system(let call, let errno): "\(call) failed with errno \(errno)"
    }
  }
}
