// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation

/// Measures the release `traksense serve` as its users meet it. Usage: BenchServe [--results FILE] [PART...],
/// a part being `memory`, `fanout`, `latency`, `ingest`, `tenants`, `queries`, `rest`, `large` or `jobs`; all
/// when none is named. Or: BenchServe [--results FILE] slow NAME=PORT..., against servers of BenchService that are running.
@main
enum BenchServe {
  private static let parts = [
    "memory", "fanout", "latency", "ingest", "tenants", "queries", "rest", "large", "jobs",
  ]

  static func main() async throws {
    var arguments = CommandLine.arguments.dropFirst()
    var results: String?
    if arguments.first == "--results" {
      results = arguments.dropFirst().first
      arguments = arguments.dropFirst(2)
    }
    if arguments.first == "slow" {
      return try await SlowCallBenchmark(
        servers: arguments.dropFirst().compactMap(SlowCallBenchmark.Server.init),
        report: Report(path: results)
      ).run()
    }
    if let migration = AddColumn(Array(arguments)) { return try await migration.run() }
    guard arguments.allSatisfy(parts.contains) else {
      throw BenchError("parts are \(parts.joined(separator: ", "))")
    }
    let wanted = arguments.isEmpty ? parts : Array(arguments)
    let report = Report(path: results)
    if wanted.contains("fanout") { try await FanoutBenchmark(report: report).run() }
    if wanted.contains("tenants") { try await TenantsBenchmark(report: report).run() }
    if wanted.contains("jobs") {
      for timescale in [false, true] {
        try await JobsBenchmark(timescale: timescale, report: report).run()
      }
    }
    if !Set(wanted).isDisjoint(with: ["queries", "rest", "large"]) {
      try await askYear(wanted, report)
    }
    guard !Set(wanted).isDisjoint(with: ["memory", "latency", "ingest"]) else { return }
    let house = try await House(timescale: false)
    if wanted.contains("memory") { try await MemoryBenchmark(house: house, report: report).run() }
    if wanted.contains("latency") { try await LatencyBenchmark(house: house, report: report).run() }
    if wanted.contains("ingest") { try await IngestBenchmark(house, report).run() }
    await house.stop()
    guard wanted.contains("latency") || wanted.contains("ingest") else { return }
    let second = try await House(timescale: true)
    guard second.postgres.hasTimescaleDB else {
      report.note("TimescaleDB is not installed: no figures for hypertables.")
      return await second.stop()
    }
    if wanted.contains("latency") {
      try await LatencyBenchmark(house: second, report: report).run()
    }
    if wanted.contains("ingest") { try await IngestBenchmark(second, report).run() }
    await second.stop()
  }

  /// What is measured over a year of readings.
  private static func askYear(_ wanted: [String], _ report: Report) async throws {
    for timescale in [false, true] {
      let house = try await House(timescale: timescale)
      if timescale, !house.postgres.hasTimescaleDB {
        report.note("TimescaleDB is not installed: no figures for hypertables.")
      } else {
        let year = try await YearOfReadings(in: house, report)
        if wanted.contains("queries") {
          try await QueriesBenchmark(house: house, year: year, report: report).run()
        }
        if wanted.contains("rest") {
          try await RESTBenchmark(house: house, year: year, report: report).run()
        }
        if wanted.contains("large") {
          try await LargeAnswersBenchmark(house: house, year: year, report: report).run()
        }
      }
      await house.stop()
    }
  }
}
