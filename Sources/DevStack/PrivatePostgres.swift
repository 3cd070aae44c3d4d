// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A PostgreSQL server of one's own, in a directory of one's own: for tests and `traksense dev`.
///
/// Listens on 127.0.0.1 and on a Unix socket in its directory; trusts everybody who gets there. Runs as
/// user `postgres` when this process is root, which PostgreSQL refuses. `fsync` stays on: what these
/// servers prove is durability. TimescaleDB is preloaded where it is installed.
package actor PrivatePostgres {
  package struct Options: Sendable {
    /// nil: a free one.
    package var port: UInt16?
    /// Superuser, made by initdb.
    package var user = "traksense"
    /// Made together with the cluster.
    package var database = "traksense"
    /// Use a few dozen megabytes instead of PostgreSQL's defaults.
    package var smallMemory = true
    /// Preload TimescaleDB when it is installed. false: behave as where it is not.
    package var timescaleDB = true
    /// More settings, by name.
    package var settings: [String: String] = [:]

    package init() {}
  }

  package enum StopMode: Sendable {
    /// Disconnects everybody, writes a checkpoint.
    case fast
    /// No checkpoint: the next start recovers from the log, as after a crash.
    case immediate
  }

  package nonisolated let port: UInt16
  /// Holds the data, the log and the Unix socket.
  package nonisolated let directory: String
  package nonisolated let hasTimescaleDB: Bool
  package nonisolated var logFile: String { "\(directory)/postgres.log" }
  private nonisolated var dataDirectory: String { "\(directory)/data" }

  private let options: Options
  private let programs: PostgresPrograms
  private let account: ServerAccount?
  private var server: ChildProcess?

  /// - Parameter directory: is made when missing; a cluster found in it is used as it is.
  package init(directory: String, options: Options = Options()) throws {
    let absolute = URL(fileURLWithPath: directory).standardizedFileURL.path
    self.directory = absolute
    self.options = options
    let versionFile = "\(absolute)/data/PG_VERSION"
    let version = FileManager.default.contents(atPath: versionFile).map {
      String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    programs = try PostgresPrograms.find(version: version)
    hasTimescaleDB = options.timescaleDB && programs.hasTimescaleDB
    account = try ServerAccount.whenRoot("postgres")
    port = try options.port ?? FreePort.find()
  }

  /// A libpq connection URI over TCP.
  package nonisolated var connectionString: String { connectionString(database: options.database) }

  package nonisolated func connectionString(database: String) -> String {
    "postgresql://\(options.user)@127.0.0.1:\(port)/\(database)"
  }

  /// Initialises the cluster when there is none, starts the server and waits until it answers.
  package func start(within limit: Duration = .seconds(120)) async throws {
    if let server, server.isRunning { return }
    try await initialise()
    let deadline = ContinuousClock.now.advanced(by: limit)
    repeat {
      let child = try ChildProcess(serverCommand())
      let state = await waitUntilReady(child, until: deadline)
      if state == .ready {
        server = child
        return
      }
      await child.kill()
      // After a kill, the old server's children need a moment to notice; a new one refuses until then.
    } while ContinuousClock.now < deadline && isHeldByPredecessor
    throw DevStackError.notReady("PostgreSQL", log: LogTail.read(logFile))
  }

  package func stop(_ mode: StopMode = .fast) async {
    switch mode {
    case .fast: await server?.stop(SIGINT, grace: .seconds(20))
    case .immediate: await server?.stop(SIGQUIT, grace: .seconds(10))
    }
    server = nil
  }

  /// Ends the server with SIGKILL, as a crash would.
  package func kill() async {
    await server?.kill()
    server = nil
  }

  /// Stops and starts again, on the same port and data.
  package func restart(_ mode: StopMode = .fast) async throws {
    await stop(mode)
    try await start()
  }

  /// Makes a further database, from `template0`: where TimescaleDB is preloaded, its launcher connects
  /// to the template of a `CREATE DATABASE`, which then fails in 5 of 12 cases from `template1` ("is
  /// being accessed by other users") and in none from `template0`, which admits nobody.
  package func createDatabase(_ name: String) async throws {
    var command = ChildProcess.Command(
      programs.createdb,
      [
        "--host=127.0.0.1", "--port=\(port)", "--username=\(options.user)",
        "--template=template0", name,
      ])
    command.logFile = "\(directory)/createdb.log"
    try await ChildProcess.run(command)
  }

  // MARK: - Making the cluster

  private func initialise() async throws {
    let files = FileManager.default
    try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
    if let account {
      try account.mustReach(directory)
      try account.takeOver(directory)
    }
    guard !files.fileExists(atPath: "\(dataDirectory)/PG_VERSION") else { return }
    // Made beside and renamed when complete: an interrupted start leaves nothing half-made in use.
    let draft = "\(directory)/data.new"
    if files.fileExists(atPath: draft) { try files.removeItem(atPath: draft) }
    let log = "\(directory)/initdb.log"
    var initdb = ChildProcess.Command(
      programs.initdb,
      [
        "--pgdata=\(draft)", "--username=\(options.user)", "--auth=trust", "--encoding=UTF8",
        "--locale=C.UTF-8",
      ])
    initdb.user = account?.name
    initdb.logFile = log
    try await ChildProcess.run(initdb)

    let script = "\(directory)/create.sql"
    try Data("CREATE DATABASE \"\(options.database)\";\n".utf8).write(
      to: URL(fileURLWithPath: script))
    var single = ChildProcess.Command(
      programs.postgres, ["--single", "-D", draft, "-j", "postgres"])
    single.user = account?.name
    single.logFile = log
    single.inputFile = script
    try await ChildProcess.run(single)
    try files.removeItem(atPath: script)
    try files.moveItem(atPath: draft, toPath: dataDirectory)
  }

  // MARK: - Running the server

  private func serverCommand() -> ChildProcess.Command {
    var settings = [
      "port": "\(port)",
      "listen_addresses": "127.0.0.1",
      // A Unix socket's path has room for 107 bytes (unix(7)).
      "unix_socket_directories": directory.utf8.count < 90 ? directory : "",
      // A tenant's schema with its hypertable takes about 200 locks in one transaction.
      "max_locks_per_transaction": "256",
      "log_line_prefix": "%m [%p] ",
    ]
    if options.smallMemory {
      settings["shared_buffers"] = "32MB"
      settings["max_wal_size"] = "256MB"
      settings["max_connections"] = "60"
    }
    if hasTimescaleDB {
      settings["shared_preload_libraries"] = "timescaledb"
      settings["timescaledb.telemetry_level"] = "off"
      settings["max_worker_processes"] = "16"
    }
    settings.merge(options.settings) { _, chosen in chosen }
    var command = ChildProcess.Command(
      programs.postgres,
      ["-D", dataDirectory]
        + settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] })
    command.user = account?.name
    command.logFile = logFile
    command.deathSignal = .interrupt
    return command
  }

  private enum Readiness { case ready, ended, late }

  private func waitUntilReady(
    _ child: ChildProcess, until deadline: ContinuousClock.Instant
  ) async -> Readiness {
    let isDecided = await eventually(within: deadline - .now, every: .milliseconds(5)) {
      isReady(child) || !child.isRunning
    }
    return isDecided ? (child.isRunning ? .ready : .ended) : .late
  }

  /// The eighth line of postmaster.pid tells the server's state; pg_ctl looks there too.
  private func isReady(_ child: ChildProcess) -> Bool {
    let lines = postmasterFile
    return lines.count > 7 && lines[0] == "\(child.processID)"
      && lines[7].trimmingCharacters(in: .whitespaces) == "ready"
  }

  /// Whether the server that ran before, or one of its children, still holds the data.
  private var isHeldByPredecessor: Bool {
    let log = LogTail.read(logFile, bytes: 2_000)
    return log.contains("pre-existing shared memory block")
      || log.contains("lock file \"postmaster.pid\" already exists")
      || log.contains("could not bind IPv4 address")
  }

  private var postmasterFile: [String] {
    guard let data = FileManager.default.contents(atPath: "\(dataDirectory)/postmaster.pid") else {
      return []
    }
    return String(decoding: data, as: UTF8.self).components(separatedBy: "\n")
  }
}
