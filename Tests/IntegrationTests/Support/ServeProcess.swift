// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Glibc
import TestSupport

/// `traksense serve` on ports of its own; started, stopped and killed as often as a test wants.
actor ServeProcess {
  nonisolated let httpPort: UInt16
  nonisolated let rpcPort: UInt16
  nonisolated let adminPort: UInt16
  nonisolated let environment: [String: String]
  private let folder: String
  private var run: Run?
  private var starts = 0

  /// - Parameter environment: settings beside the addresses.
  init(folder: String, environment: [String: String]) throws {
    self.folder = folder
    httpPort = try FreePort.find()
    rpcPort = try FreePort.find()
    adminPort = try FreePort.find()
    self.environment = environment.merging([
      "TRAKSENSE_HTTP_LISTEN": "127.0.0.1:\(httpPort)",
      "TRAKSENSE_ADMIN_LISTEN": "127.0.0.1:\(adminPort)",
      "TRAKSENSE_RPC_LISTEN": "127.0.0.1:\(rpcPort)",
    ]) { $1 }
  }

  /// Starts the server.
  /// - Parameter isHealthy: asked until it says yes; nil: returns at once.
  func start(until isHealthy: (@Sendable () async throws -> Bool)?) async throws {
    starts += 1
    let run = try Run(
      Repository.traksense, ["serve"], environment: environment,
      log: "\(folder)/serve-\(starts).log")
    self.run = run
    guard let isHealthy else { return }
    let isReady = try await eventually(within: .seconds(120)) {
      guard run.child.isRunning else { return true }
      return try await isHealthy()
    }
    guard isReady, run.child.isRunning else {
      throw ToolFailed(description: "traksense serve is not ready:\n\(run.output)")
    }
  }

  /// Ends the server as a crash would.
  func kill() async {
    await run?.child.kill()
  }

  /// Asks the server to end.
  /// - Returns: how it ended; nil when it did not within `limit`.
  func terminate(within limit: Duration = .seconds(60)) async -> ChildProcess.Exit? {
    run?.child.send(SIGTERM)
    return await run?.child.wait(upTo: limit)
  }

  var isRunning: Bool { run?.child.isRunning ?? false }

  /// What the current run has logged.
  var log: String { run?.output ?? "" }

  /// Resident memory in megabytes (proc(5), VmRSS and VmHWM).
  var residentMegabytes: (now: Int, peak: Int) {
    let status =
      run.flatMap { FileManager.default.contents(atPath: "/proc/\($0.child.processID)/status") }
      .map { String(decoding: $0, as: UTF8.self) } ?? ""
    func megabytes(_ field: String) -> Int {
      let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") } ?? ""
      return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) / 1024
    }
    return (megabytes("VmRSS"), megabytes("VmHWM"))
  }
}
