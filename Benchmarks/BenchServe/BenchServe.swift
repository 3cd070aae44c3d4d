// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation

/// Measures the release `traksense serve` as its users meet it. Usage: BenchServe [--results FILE] [PART...],
/// a part being `memory`, `fanout`, `latency`, `ingest` or `tenants`; all when none is named. Or: BenchServe
/// [--results FILE] slow NAME=PORT..., against servers of BenchService that are running.
@main
enum BenchServe {
  private static let parts = ["memory", "fanout", "latency", "ingest", "tenants"]

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
}
