// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation

/// PostgreSQL's own pgbench: one statement again and again, prepared, on connections of its own.
struct PgBench {
  /// A script and how often it runs.
  struct Load {
    let sql: String
    let clients: Int
    let runsEach: Int
  }

  private let program: String
  private let connectionString: String

  /// - Throws: when pgbench is not installed.
  init(_ connectionString: String) throws {
    let folders = ["/usr/lib/postgresql/15/bin", "/usr/bin"]
    guard
      let program = folders.map({ "\($0)/pgbench" }).first(where: {
        FileManager.default.isExecutableFile(atPath: $0)
      })
    else { throw BenchError("pgbench is not installed: package postgresql") }
    self.program = program
    self.connectionString = connectionString
  }

  /// - Returns: milliseconds of each run, as pgbench's own log has them.
  func milliseconds(_ load: Load) async throws -> [Double] {
    let directory = try TemporaryDirectory()
    let script = "\(directory.path)/script.sql"
    try load.sql.write(toFile: script, atomically: true, encoding: .utf8)
    var command = ChildProcess.Command(
      program,
      [
        "--no-vacuum", "--protocol=prepared", "--client=\(load.clients)", "--jobs=1",
        "--transactions=\(load.runsEach)", "--log", "--log-prefix=\(directory.path)/log",
        "--file=\(script)", connectionString,
      ])
    command.logFile = "\(directory.path)/pgbench.out"
    do {
      try await ChildProcess.run(command, within: .seconds(600))
    } catch {
      let said = try? String(contentsOfFile: "\(directory.path)/pgbench.out", encoding: .utf8)
      throw BenchError("pgbench: \(said ?? "\(error)")")
    }
    let logs = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
      $0.hasPrefix("log.")
    }
    var times: [Double] = []
    for log in logs {
      let text = try String(contentsOfFile: "\(directory.path)/\(log)", encoding: .utf8)
      // client, transaction, microseconds, script, …
      times += text.split(separator: "\n").compactMap { line in
        line.split(separator: " ").dropFirst(2).first.flatMap { Double($0) }
      }.map { $0 / 1_000 }
    }
    guard times.count == load.clients * load.runsEach else {
      throw BenchError("pgbench logged \(times.count) runs")
    }
    return times
  }
}
