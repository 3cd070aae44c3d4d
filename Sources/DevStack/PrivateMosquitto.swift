// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A mosquitto broker of one's own, in a directory of one's own: for tests and `traksense dev`.
///
/// Listens on 127.0.0.1, admits everybody. Sessions and queued messages are kept on disk: at a stop, when
/// ``save()`` is called, and every ``Options/saveInterval``; a killed broker forgets what came since.
package actor PrivateMosquitto {
  package struct Options: Sendable {
    /// nil: a free one.
    package var port: UInt16?
    /// Unacknowledged messages on their way to one client. mosquitto's default of 20 would cap the
    /// batches of a subscriber that acknowledges after a commit.
    package var maxInflightMessages = 20_000
    /// Messages waiting for one client; beyond it mosquitto drops them (default 1,000).
    package var maxQueuedMessages = 1_000_000
    /// How often sessions are written to disk, in seconds.
    package var saveInterval = 10

    package init() {}
  }

  package nonisolated let port: UInt16
  /// Holds the configuration, the persistent state and the log.
  package nonisolated let directory: String
  package nonisolated var logFile: String { "\(directory)/mosquitto.log" }
  package nonisolated var url: String { "mqtt://127.0.0.1:\(port)" }

  private let options: Options
  private let executable: String
  private var server: ChildProcess?

  /// - Parameter directory: is made when missing; a broker's state found in it is used.
  package init(directory: String, options: Options = Options()) throws {
    self.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
    self.options = options
    guard let program = Programs.find("mosquitto") else {
      throw DevStackError.missingProgram(
        "mosquitto", hint: "install it (Debian: apt-get install mosquitto)")
    }
    executable = program
    port = try options.port ?? FreePort.find()
  }

  /// Starts the broker and waits until it listens.
  package func start(within limit: Duration = .seconds(60)) async throws {
    if let server, server.isRunning { return }
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let configuration = "\(directory)/mosquitto.conf"
    try Data(configurationText.utf8).write(to: URL(fileURLWithPath: configuration))
    var command = ChildProcess.Command(executable, ["-c", configuration])
    command.logFile = logFile
    command.deathSignal = .terminate
    let child = try ChildProcess(command)
    let port = self.port
    let isDecided = await eventually(within: limit, every: .milliseconds(5)) {
      FreePort.isListening(port) || !child.isRunning
    }
    guard isDecided, child.isRunning else {
      await child.kill()
      throw DevStackError.notReady("mosquitto", log: LogTail.read(logFile))
    }
    server = child
  }

  /// Ends the broker in order; it saves its state.
  package func stop() async {
    await server?.stop(SIGTERM)
    server = nil
  }

  /// Ends the broker with SIGKILL, as a crash would.
  package func kill() async {
    await server?.kill()
    server = nil
  }

  /// Stops and starts again, on the same port and state.
  package func restart() async throws {
    await stop()
    try await start()
  }

  /// Freezes the broker: connections stay open and nothing moves, as behind a dead network.
  package func freeze() { server?.send(SIGSTOP) }

  /// Asks the broker to write its state to disk now (mosquitto(8), SIGUSR1).
  package func save() { server?.send(SIGUSR1) }

  private var configurationText: String {
    var lines = [
      "listener \(port) 127.0.0.1",
      "allow_anonymous true",
      "persistence true",
      "persistence_location \(directory)/",
      "autosave_interval \(options.saveInterval)",
      "max_inflight_messages \(options.maxInflightMessages)",
      "max_queued_messages \(options.maxQueuedMessages)",
      "set_tcp_nodelay true",
      "log_dest stderr",
      "log_type error",
      "log_type warning",
      "log_type notice",
      "log_timestamp_format %Y-%m-%dT%H:%M:%S",
      "sys_interval 1",
    ]
    // As root mosquitto would change to its own user, who may not write here.
    if geteuid() == 0 { lines.append("user root") }
    return lines.joined(separator: "\n") + "\n"
  }
}
