// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

extension ChildProcess {
  /// Must run on ``SpawnThread``.
  static func spawn(_ command: Command) -> Result<pid_t, DevStackError> {
    // posix_spawn has no portable way to change the directory; the shell replaces itself.
    var words =
      ["/bin/sh", "-c", "cd / && exec \"$@\"", "sh", command.executable] + command.arguments
    if let setpriv = Programs.find("setpriv") {
      // pdeathsig comes after the change of user, which would clear it; setpriv orders them so.
      var prefix = [setpriv, "--pdeathsig", command.deathSignal.name]
      if let user = command.user {
        prefix += ["--reuid", user, "--regid", user, "--init-groups"]
      }
      words = prefix + ["--"] + words
    } else if command.user != nil {
      return .failure(
        .missingProgram("setpriv", hint: "install util-linux, or do not run as root"))
    }
    var environment = ProcessInfo.processInfo.environment
    environment.merge(command.environment) { _, new in new }

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    let input = command.inputFile ?? "/dev/null"
    let output = command.logFile ?? "/dev/null"
    unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(
      &actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    if let errors = command.errorFile {
      unsafe posix_spawn_file_actions_addopen(
        &actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    } else {
      unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }
    for descriptor in openDescriptors() where descriptor > 2 {
      unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
    }

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    unsafe sigemptyset(&noSignals)
    var allSignals = sigset_t()
    unsafe sigfillset(&allSignals)
    unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &allSignals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    var variables: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { name, value in
      unsafe strdup("\(name)=\(value)")
    }
    unsafe variables.append(nil)
    defer {
      unsafe (arguments + variables).forEach { unsafe free($0) }
    }
    var child: pid_t = 0
    let code = unsafe posix_spawn(
      &child, words[0], &actions, &attributes, arguments, variables)
    return code == 0 ? .success(child) : .failure(.system("posix_spawn \(words[0])", errno: code))
  }
  /// Libraries open files without O_CLOEXEC; a child that keeps them keeps sockets open. Closing one that
  /// is gone meanwhile is no error to posix_spawn.
  private static func openDescriptors() -> [Int32] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    return (names ?? []).compactMap { Int32($0) }  // No /proc: nothing to close by name.
  }
}
