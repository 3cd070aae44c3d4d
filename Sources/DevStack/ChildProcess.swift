// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
package import Glibc
import Synchronization

/// A program run beside this one. It dies with this process, however that ends: it is started through
/// util-linux's `setpriv --pdeathsig`, from a thread that lives as long as the process
/// (``SpawnThread``). Where `setpriv` is missing, children live on when this process is killed.
///
/// Children run in process groups of their own, so that Ctrl-C reaches this process alone and stopping
/// has an order; in `/`; with default signal handling; and inherit no file descriptor but 0, 1 and 2.
package final class ChildProcess: Sendable {
  /// What to run, and how.
  package struct Command: Sendable {
    /// Absolute path.
    package var executable: String
    package var arguments: [String]
    /// Added to this process's environment.
    package var environment: [String: String] = [:]
    /// Run as this user; only root may ask. nil: as ourselves.
    package var user: String?
    /// Where standard output and error are appended; nil: nowhere.
    package var logFile: String?
    /// Where standard error is appended instead; nil: it goes with standard output.
    package var errorFile: String?
    /// What is read from standard input; nil: nothing.
    package var inputFile: String?
    /// What the child gets when this process dies, and when its ``ChildProcess`` is dropped.
    package var deathSignal = DeathSignal.kill

    package init(_ executable: String, _ arguments: [String]) {
      self.executable = executable
      self.arguments = arguments
    }
  }

  /// What a child may be told when nobody is left to care for it.
  package enum DeathSignal: Sendable {
    case interrupt, terminate, kill

    var number: Int32 {
      switch self {
      case .interrupt: SIGINT
      case .terminate: SIGTERM
      case .kill: SIGKILL
      }
    }

    /// As setpriv(1) wants it.
    var name: String {
      switch self {
      case .interrupt: "INT"
      case .terminate: "TERM"
      case .kill: "KILL"
      }
    }
  }

  package enum Exit: Hashable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  package let processID: pid_t
  private let deathSignal: DeathSignal
  private let exit = Mutex<Exit?>(nil)

  /// Starts the program.
  /// - Throws: ``DevStackError/system(_:errno:)`` when it cannot be started. With `setpriv`, a program
  ///   that does not exist shows as an exit with status 127 instead.
  package init(_ command: Command) throws(DevStackError) {
    deathSignal = command.deathSignal
    let outcome = SpawnThread.shared.run { Self.spawn(command) }
    switch outcome {
    case .success(let child): processID = child
    case .failure(let error): throw error
    case nil: throw .system("posix_spawn", errno: EAGAIN)
    }
  }

  /// Starts the program, as ``init(_:)`` does, without blocking the caller's thread: on a busy machine it takes
  /// a while until a new process has its first turn.
  package static func start(_ command: Command) async throws(DevStackError) -> ChildProcess {
    switch await SpawnThread.shared.answer(of: { spawn(command) }) {
    case .success(let child): ChildProcess(child, command.deathSignal)
    case .failure(let error): throw error
    }
  }

  private init(_ processID: pid_t, _ deathSignal: DeathSignal) {
    self.processID = processID
    self.deathSignal = deathSignal
  }

  deinit {
    guard poll() == nil else { return }
    send(deathSignal.number)
    let child = processID
    DispatchQueue.global().async {
      // Only to free the kernel's entry of it; nobody is left to hear the status.
      _ = waitpid(child, nil, 0)
    }
  }

  /// How the program ended; nil while it runs.
  package func poll() -> Exit? {
    exit.withLock { exit in
      if exit == nil {
        var status: Int32 = 0
        if unsafe waitpid(processID, &status, WNOHANG) == processID {
          exit = Exit(waitStatus: status)
        }
      }
      return exit
    }
  }

  package var isRunning: Bool { poll() == nil }

  /// Sends a signal, unless the program has ended: its number could be another's by now.
  package func send(_ signal: Int32) {
    exit.withLock { exit in
      if exit == nil { _ = Glibc.kill(processID, signal) }
    }
  }

  /// Waits for the end of the program.
  /// - Returns: nil when it still runs after `limit`.
  package func wait(upTo limit: Duration) async -> Exit? {
    _ = await eventually(within: limit) { poll() != nil }
    return poll()
  }

  /// Asks the program to end with `signal`, and makes it end when `grace` has passed.
  @discardableResult
  package func stop(_ signal: Int32 = SIGTERM, grace: Duration = .seconds(10)) async -> Exit? {
    send(signal)
    if let exit = await wait(upTo: grace) { return exit }
    return await kill()
  }

  /// Ends the program at once, as a crash would.
  @discardableResult
  package func kill() async -> Exit? {
    send(SIGKILL)
    return await wait(upTo: .seconds(60))
  }

  /// Runs a program to its end.
  /// - Throws: ``DevStackError/programFailed(_:_:log:)`` when it does not exit with 0 in time.
  package static func run(_ command: Command, within limit: Duration = .seconds(120)) async throws {
    let child = try await start(command)
    let exit: Exit
    if let ended = await child.wait(upTo: limit) {
      exit = ended
    } else {
      exit = await child.kill() ?? .killed(signal: SIGKILL)
    }
    guard exit == .exited(0) else {
      throw DevStackError.programFailed(
        command.executable, exit, log: LogTail.read(command.logFile))
    }
  }
}

extension ChildProcess.Exit {
  /// From what waitpid(2) reports: the low seven bits are the signal, the next byte the exit status.
  fileprivate init(waitStatus status: Int32) {
    let signal = status & 0x7F
    self = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
  }
}
