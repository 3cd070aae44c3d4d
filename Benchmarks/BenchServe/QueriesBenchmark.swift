// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import NIOPosix
import RPCRuntime
import TrakSenseAPI

/// How long questions about a year of readings take, asked over gRPC, beside the SQL that a careful person
/// would write for the same, run by pgbench with prepared statements.
struct QueriesBenchmark {
  private static let clients = 8

  let house: House
  let year: YearOfReadings
  let report: Report

  func run() async throws {
    report.section(
      "Questions about \(YearOfReadings.sensors) sensors × 1 year × 1/min over gRPC,"
        + " \(house.storage)")
    let serve = try await house.launch()
    let pgbench = try PgBench(house.postgres.connectionString)
    for question in YearQuestions(year: year).all {
      try await measure(question, pgbench)
    }
    await serve.stop()
  }

  // MARK: Measuring

  private func measure(_ question: YearQuestion, _ pgbench: PgBench) async throws {
    // In turns: what else runs on this machine slows both.
    var ours: [Double] = []
    var sql: [Double] = []
    for _ in 0..<3 {
      ours += try await milliseconds(question, clients: 1, callsEach: question.calls / 3)
      sql += try await pgbench.milliseconds(
        PgBench.Load(sql: question.sql, clients: 1, runsEach: question.calls / 3))
    }
    let (mine, theirs) = (Percentiles(ours), Percentiles(sql))
    let met = question.target.map { mine.p99 < $0 }
    report.add(
      "\(question.name): p99", mine.p99, "ms", digits: 2,
      target: question.target.map { "< \(Int($0)) ms" }, isMet: met)
    report.add(
      "  p50; pgbench p50 \(theirs.p50.text), p99 \(theirs.p99.text)", mine.p50, "ms", digits: 2)
    report.add("  p50 beside pgbench's", mine.p50 / theirs.p50, "×", digits: 2)
    let many = Percentiles(
      try await milliseconds(
        question, clients: Self.clients, callsEach: question.calls / Self.clients))
    let manySQL = Percentiles(
      try await pgbench.milliseconds(
        PgBench.Load(
          sql: question.sql, clients: Self.clients, runsEach: question.calls / Self.clients)))
    report.add(
      "  \(Self.clients) clients: p99; p50 \(many.p50.text), pgbench p50 \(manySQL.p50.text),"
        + " p99 \(manySQL.p99.text)", many.p99, "ms", digits: 2)
  }

  /// Each client asks as soon as it has been answered.
  private func milliseconds(
    _ question: YearQuestion, clients: Int, callsEach: Int
  ) async throws -> [Double] {
    let asker = Asker(port: Int(house.rpcPort), metadata: house.metadata)
    return try await withThrowingTaskGroup(of: [Double].self) { group in
      for client in 0..<clients {
        group.addTask { try await asker.milliseconds(question, client: client, calls: callsEach) }
      }
      var times: [Double] = []
      for try await more in group { times += more }
      return times
    }
  }
}

/// Asks on a connection of its own, one call after the other.
private struct Asker: Sendable {
  private static let warmUp = 30

  let port: Int
  let metadata: Metadata

  /// - Returns: of each call.
  func milliseconds(
    _ question: YearQuestion, client: Int, calls: Int
  ) async throws -> [Double] {
    let connection = try await RPCConnection.connect(
      host: "127.0.0.1", port: port, group: MultiThreadedEventLoopGroup.singleton)
    let clients = YearQuestion.Clients(
      telemetry: TraksenseV1.TelemetryServiceClient(channel: connection),
      queries: TraksenseV1.TelemetryQueryServiceClient(channel: connection),
      options: CallOptions(metadata: metadata))
    var times: [Double] = []
    for call in 0..<(Self.warmUp + calls) {
      let begun = ContinuousClock.now
      try await question.ask(clients, call &* 31 &+ client &* 7)
      let took = (ContinuousClock.now - begun).inSeconds * 1_000
      if call >= Self.warmUp { times.append(took) }
    }
    await connection.close()
    return times
  }
}

/// Of times in milliseconds.
struct Percentiles {
  let p50: Double
  let p99: Double

  init(_ times: [Double]) {
    let sorted = times.sorted()
    p50 = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    p99 = sorted.isEmpty ? 0 : sorted[sorted.count * 99 / 100]
  }
}

extension Double {
  /// `1.25`
  var text: String { String(format: "%.2f", self) }
}
