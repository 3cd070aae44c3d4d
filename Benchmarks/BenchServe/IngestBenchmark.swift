// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Glibc
import Persistence

/// Points a second from MQTT to COMMIT, beside what one connection inserts of the same rows.
final class IngestBenchmark {
  private struct Shape {
    let name: String
    let messages: Int
    let pointsEach: Int
    var points: Int { messages * pointsEach }
  }

  /// What one run took.
  private struct Run {
    var rate: Double
    /// CPU seconds per million points.
    var serve = 0.0
    var broker = 0.0
    var postgres = 0.0
    var load = 0.0
    var pointsPerBatch = 0.0
  }

  private static let shapes = [
    Shape(name: "1 point a message", messages: 60_000, pointsEach: 1),
    Shape(name: "20 points a message", messages: 20_000, pointsEach: 20),
  ]
  private static let rounds = 3
  private static let rawBatch = 5_000
  private static let deadline = Duration.seconds(120)

  private let house: House
  private let report: Report
  private var stretch = 0

  init(_ house: House, _ report: Report) {
    self.house = house
    self.report = report
  }

  func run() async throws {
    report.section("Ingest, MQTT QoS 1 → committed, \(house.storage)")
    for shape in Self.shapes {
      var plain: [Double] = []
      var raw: [Double] = []
      var live: [Run] = []
      var backlog: [Double] = []
      for _ in 0..<Self.rounds {
        let start = nextStretch()
        raw.append(try await rawRate(shape, from: start))
        if let rate = try await brokerRate(shape, from: start) { plain.append(rate) }
        let serve = try await house.serve()
        live.append(try await liveRun(shape, from: nextStretch(), serve))
        await serve.stop()
        backlog.append(try await backlogRate(shape, from: nextStretch()))
      }
      let label = "\(shape.name), \(house.storage)"
      let rawMedian = raw.median
      report.add("raw INSERT, 5,000 a batch, \(label)", rawMedian, "points/s")
      let rate = live.map(\.rate).median
      report.add("from first publish to last commit, \(label)", rate, "points/s")
      report.add(
        "  ratio to raw", 100 * rate / rawMedian, "%", target: "≥ 40 %",
        isMet: rate / rawMedian >= 0.4)
      if !plain.isEmpty {
        report.add(
          "  mosquitto_sub, which stores nothing", plain.median * Double(shape.pointsEach),
          "points/s")
      }
      report.add("a backlog held by the broker, \(label)", backlog.median, "points/s")
      report.add("  ratio to raw", 100 * backlog.median / rawMedian, "%")
      report.add("  points a transaction", live.map(\.pointsPerBatch).median, "")
      report.add(
        "  traksense", live.map(\.serve).median, "CPU-s per million points", digits: 1)
      report.add("  broker", live.map(\.broker).median, "CPU-s per million points", digits: 1)
      report.add(
        "  PostgreSQL", live.map(\.postgres).median, "CPU-s per million points", digits: 1)
      report.add(
        "  the load itself", live.map(\.load).median, "CPU-s per million points", digits: 1)
    }
  }

  /// Each run has an hour of its own, so that no point is a duplicate.
  private func nextStretch() -> Timestamp {
    stretch += 1
    return TestPoints.now.advanced(by: .seconds(-3_600 * (stretch + 2)))
  }

  // MARK: Raw

  private func rawRate(_ shape: Shape, from start: Timestamp) async throws -> Double {
    let rows = TestPoints.rows(shape.messages, pointsEach: shape.pointsEach, from: start)
    let commands = stride(from: 0, to: rows.count, by: Self.rawBatch).map { first in
      // In the order of the index, as the ingest transaction sorts them too.
      let batch = rows[first..<min(rows.count, first + Self.rawBatch)].sorted {
        ($0.sensor, $0.time) < ($1.sensor, $1.time)
      }
      return Command(
        """
        INSERT INTO raw.telemetry_readings (sensor_id, "timestamp", value, unit)
        SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """,
        [
          .int8Array(batch.map(\.sensor)), .timestamptzArray(batch.map(\.time)),
          .float8Array(batch.map(\.value)), .textArray(batch.map { _ in "°C" }),
        ])
    }
    let elapsed = try await house.pool.run { connection throws(PostgresError) in
      let begun = ContinuousClock.now
      var stored = 0
      for command in commands { stored += try connection.query(command) }
      guard stored == shape.points else {
        throw PostgresError(sqlState: "XX000", message: "\(stored) of \(shape.points) stored")
      }
      return ContinuousClock.now - begun
    }
    return Double(shape.points) / elapsed.inSeconds
  }

  // MARK: traksense

  private func liveRun(
    _ shape: Shape, from start: Timestamp, _ serve: ChildProcess
  ) async throws -> Run {
    let packets = TestPoints.messages(shape.messages, pointsEach: shape.pointsEach, from: start)
    let before = try await house.ledger()
    let processes = [
      serve.processID, ProcessUsage.child(named: "mosquitto") ?? 0,
      ProcessUsage.child(named: "postgres") ?? 0, getpid(),
    ]
    let used = processes.map(cpuSeconds)
    let begun = ContinuousClock.now
    let house = house
    async let published: Void = house.publish(packets)
    let end = try await waitForCommits(before, shape)
    try await published
    let costs = zip(processes.map(cpuSeconds), used).map {
      ($0 - $1) * 1_000_000 / Double(shape.points)
    }
    let after = try await house.ledger()
    guard after.stored - before.stored == Int64(shape.points) else {
      throw BenchError("\(after.stored - before.stored) of \(shape.points) points were stored")
    }
    return Run(
      rate: Double(shape.points) / (end - begun).inSeconds, serve: costs[0], broker: costs[1],
      postgres: costs[2], load: costs[3],
      pointsPerBatch: Double(shape.points) / Double(max(1, after.seq - before.seq)))
  }

  /// This process counts without its children: they are the others.
  private func cpuSeconds(of process: pid_t) -> Double {
    guard process == getpid() else { return ProcessUsage.cpuSeconds(of: process) }
    var usage = rusage()
    unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
  }

  private func waitForCommits(
    _ before: (received: Int64, stored: Int64, seq: Int64), _ shape: Shape
  ) async throws -> ContinuousClock.Instant {
    let isThere = try await eventually(within: Self.deadline, every: .milliseconds(10)) {
      try await self.house.ledger().received >= before.received + Int64(shape.points)
    }
    guard isThere else { throw BenchError("not all points were committed in time") }
    return .now
  }

  /// The broker holds the messages while traksense is away; counted from when its first commits are seen.
  private func backlogRate(_ shape: Shape, from start: Timestamp) async throws -> Double {
    let packets = TestPoints.messages(shape.messages, pointsEach: shape.pointsEach, from: start)
    let before = try await house.ledger()
    try await house.publish(packets)
    let serve = try await house.launch()
    var first = before.received
    let hasBegun = try await eventually(within: Self.deadline, every: .milliseconds(2)) {
      first = try await self.house.ledger().received
      return first > before.received
    }
    let begun = ContinuousClock.now
    guard hasBegun else { throw BenchError("the backlog did not arrive") }
    let end = try await waitForCommits(before, shape)
    await serve.stop()
    let drained = before.received + Int64(shape.points) - first
    return Double(drained) / (end - begun).inSeconds
  }

  /// What a subscriber that stores nothing gets out of the broker: mosquitto's own client, QoS 1.
  /// - Returns: messages a second; nil when it is not installed.
  private func brokerRate(_ shape: Shape, from start: Timestamp) async throws -> Double? {
    let program = "/usr/bin/mosquitto_sub"
    guard unsafe access(program, X_OK) == 0 else { return nil }
    // Not what traksense's session, which the broker keeps, is subscribed to.
    let packets = TestPoints.messages(
      shape.messages, pointsEach: shape.pointsEach, from: start, below: "benches")
    let port = house.broker.port
    var command = ChildProcess.Command(
      program,
      [
        "-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-i", "bench-sub", "-t", "benches/#",
        "-C", "\(shape.messages)",
      ])
    command.deathSignal = .kill
    let subscriber = try ChildProcess(command)
    // It does not say when it is subscribed; what it would miss would show as a timeout.
    try await Task.sleep(for: .milliseconds(500))
    let begun = ContinuousClock.now
    let house = house
    async let published: Void = house.publish(packets)
    let exit = await subscriber.wait(upTo: Self.deadline)
    let end = ContinuousClock.now
    try await published
    guard exit == .exited(0) else { throw BenchError("mosquitto_sub: \(String(describing: exit))") }
    return Double(shape.messages) / (end - begun).inSeconds
  }
}

extension Duration {
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

extension [Double] {
  /// The middle one; zero when there is none.
  var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
