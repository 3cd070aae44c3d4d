// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Foundation
import Persistence
import Services

/// REST requests per CPU-second of the server, over connections that stay open, beside a lean Django with the
/// same SQL. h2load asks, in turns; status and length of every answer are checked.
struct RESTBenchmark {
  private static let connections = 8
  private static let rounds = 3
  private static let schema = TestPoints.schema

  /// Somebody who answers.
  private struct Server {
    let name: String
    let port: UInt16
    let process: ChildProcess
    let headers: [String]
    /// How many of a route's requests are enough to measure it.
    let share: Double
  }

  private struct Route {
    let name: String
    let path: String
    /// Of the JSON object, a list of so many.
    let rows: (key: String, count: Int)
    let requests: Int
  }

  /// Of one run.
  private struct Cost {
    let rate: Double
    /// Requests per CPU-second of the server.
    let perCPUSecond: Double
    /// CPU milliseconds of PostgreSQL a request.
    let database: Double
  }

  let house: House
  let year: YearOfReadings
  let report: Report

  func run() async throws {
    report.section(
      "REST over \(Self.connections) connections, requests per CPU-second, \(house.storage)")
    try await house.pool.run { connection throws(PostgresError) in
      try connection.run(
        script: """
          INSERT INTO \(Self.schema).assets_site (name, company, sector)
          SELECT 'Site ' || number, 'Bench', 'Load' FROM generate_series(1, 60) number
          """)
    }
    let serve = try await house.launch()
    var servers = [
      Server(
        name: "traksense", port: house.httpPort, process: serve,
        headers: ["-Hx-tenant: \(TestPoints.tenant)", "-Hx-api-key: \(house.apiKey.text)"],
        share: 1)
    ]
    if let django = try await startDjango() { servers.append(django) }
    for route in routes { try await measure(route, servers) }
    if let memory = ProcessUsage.residentKilobytes(of: serve.processID) {
      report.add("resident after all of it", Double(memory) / 1_024, "MB")
    }
    for server in servers { await server.process.stop() }
  }

  private var routes: [Route] {
    let from = year.start.advanced(by: .seconds(100 * 86_400))
    let to = from.advanced(by: .seconds(86_400))
    return [
      Route(
        name: "list of 50 sites", path: "/assets/sites/", rows: ("results", 50), requests: 4_000),
      Route(
        name: "list of 50 devices", path: "/assets/devices/", rows: ("results", 50),
        requests: 2_000),
      Route(
        name: "list of 50 sensors", path: "/assets/sensors/", rows: ("results", 50),
        requests: 2_000),
      Route(
        name: "history of 1 day at 5 m",
        path: "/ingest/history/\(YearOfReadings.device)/?interval=5m&from=\(from.rfc3339)"
          + "&to=\(to.rfc3339)", rows: ("data", 1_440), requests: 1_000),
    ]
  }

  // MARK: Measuring

  private func measure(_ route: Route, _ servers: [Server]) async throws {
    var costs: [String: [Cost]] = [:]
    var lengths: [String: Int] = [:]
    for server in servers {
      lengths[server.name] = try await length(of: route, from: server)
    }
    // The first round warms up.
    for round in 0...Self.rounds {
      for server in round.isMultiple(of: 2) ? servers : servers.reversed() {
        let cost = try await run(route, server, length: lengths[server.name] ?? 0)
        if round > 0 { costs[server.name, default: []].append(cost) }
      }
    }
    let mine = costs[servers[0].name, default: []].map(\.perCPUSecond).median
    for server in servers {
      let all = costs[server.name, default: []]
      let cost = all.map(\.perCPUSecond).median
      report.add(
        "\(route.name) (\((lengths[server.name] ?? 0) / 1_000) kB), \(server.name)", cost,
        "req/CPU-s")
      report.note(
        "  \(Int(all.map(\.rate).median)) req/s, PostgreSQL \(all.map(\.database).median.text) ms"
          + " of CPU a request"
          + (server.name == servers[0].name ? "" : "; traksense \((mine / cost).text)×"))
    }
  }

  private func run(_ route: Route, _ server: Server, length: Int) async throws -> Cost {
    let requests = max(Self.connections, Int(Double(route.requests) * server.share))
    let database = ProcessUsage.child(named: "postgres") ?? 0
    let before = (
      ProcessUsage.cpuSeconds(of: server.process.processID), ProcessUsage.cpuSeconds(of: database)
    )
    let output = try await load(route, server, requests, connections: Self.connections)
    let used = (
      ProcessUsage.cpuSeconds(of: server.process.processID) - before.0,
      ProcessUsage.cpuSeconds(of: database) - before.1
    )
    guard output.contains("status codes: \(requests) 2xx"),
      output.contains("(\(requests * length)) data")
    else { throw BenchError("\(server.name) did not answer all requests:\n\(output)") }
    let rate = output.firstMatch(of: /, ([0-9.]+) req\/s/).flatMap { Double($0.1) } ?? 0
    return Cost(
      rate: rate, perCPUSecond: Double(requests) / max(0.01, used.0),
      database: used.1 * 1_000 / Double(requests))
  }

  private func load(
    _ route: Route, _ server: Server, _ requests: Int, connections: Int
  ) async throws -> String {
    try await Program.output(
      of: "/usr/bin/h2load",
      ["--h1", "-n\(requests)", "-c\(connections)", "-t1"] + server.headers + [
        "http://127.0.0.1:\(server.port)\(route.path)"
      ])
  }

  /// Looks at one answer.
  /// - Returns: bytes of its body.
  private func length(of route: Route, from server: Server) async throws -> Int {
    let body = try await Program.output(
      of: "/usr/bin/curl",
      ["--silent"] + server.headers + ["http://127.0.0.1:\(server.port)\(route.path)"])
    guard
      let json = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any],
      let rows = json[route.rows.key] as? [Any], rows.count == route.rows.count
    else { throw BenchError("\(server.name) answers \(route.path) with \(body.prefix(300))") }
    return body.utf8.count
  }

  // MARK: The peer

  /// - Returns: nil when it is not installed.
  private func startDjango() async throws -> Server? {
    let folder = FileManager.default.currentDirectoryPath
    let gunicorn = "\(folder)/.build/bench/peers/bin/gunicorn"
    guard FileManager.default.isExecutableFile(atPath: gunicorn) else {
      report.note("Django is not installed (Scripts/setup.sh bench): nothing to compare with.")
      return nil
    }
    let port = try FreePort.find()
    var command = ChildProcess.Command(
      gunicorn,
      [
        "--chdir", "\(folder)/Benchmarks/Peers", "--bind", "127.0.0.1:\(port)", "--workers", "2",
        "--worker-class", "gthread", "--threads", "4", "--keep-alive", "60", "--log-level",
        "warning", "django_peer:application",
      ])
    command.environment = [
      "DB_URL": house.postgres.connectionString, "PYTHONDONTWRITEBYTECODE": "1",
    ]
    command.deathSignal = .terminate
    let process = try ChildProcess(command)
    let isUp = await eventually(within: .seconds(20)) {
      FreePort.isListening(port) || !process.isRunning
    }
    guard isUp, process.isRunning else { throw BenchError("gunicorn did not start") }
    return Server(name: "Django", port: port, process: process, headers: [], share: 0.25)
  }
}
