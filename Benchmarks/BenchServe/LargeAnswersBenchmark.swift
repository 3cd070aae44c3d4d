// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import NIOPosix
import RPCRuntime
import TrakSenseAPI

/// Resident memory while many ask for the largest answers there are, all at once.
struct LargeAnswersBenchmark {
  private static let callers = [10, 50]

  private typealias Ask =
    @Sendable (TraksenseV1.TelemetryServiceClient, TraksenseV1.TelemetryQueryServiceClient)
    async throws -> Void

  let house: House
  let year: YearOfReadings
  let report: Report

  func run() async throws {
    report.section("Memory while the largest answers are asked for, \(house.storage)")
    let serve = try await house.launch()
    let options = CallOptions(metadata: house.metadata)
    for (name, ask) in questions(options) {
      for callers in Self.callers {
        let (before, peak, seconds) = try await peak(of: serve) { try await all(callers, ask) }
        report.add(
          "\(name), \(callers) at once: growth from \(before / 1_024) MB; took \(seconds.text) s",
          Double(peak - before) / 1_024, "MB")
      }
    }
    let (from, to) = range(days: 31)
    let csv =
      "http://127.0.0.1:\(house.httpPort)/ingest/history/\(YearOfReadings.device)/?interval=raw"
      + "&format=csv&from=\(from.rfc3339)&to=\(to.rfc3339)"
    for callers in Self.callers {
      let (before, peak, seconds) = try await peak(of: serve) {
        let output = try await Program.output(
          of: "/usr/bin/h2load",
          [
            "--h1", "-n\(callers)", "-c\(callers)", "-Hx-tenant: \(TestPoints.tenant)",
            "-Hx-api-key: \(house.metadata["x-api-key"] ?? "")", csv,
          ])
        guard output.contains("status codes: \(callers) 2xx") else { throw BenchError(output) }
      }
      report.add(
        "CSV of 31 days raw, \(callers) at once: growth from \(before / 1_024) MB; took"
          + " \(seconds.text) s", Double(peak - before) / 1_024, "MB")
    }
    await serve.stop()
  }

  private func range(days: Int) -> (from: Timestamp, to: Timestamp) {
    let from = year.start.advanced(by: .seconds(60 * 86_400))
    return (from, from.advanced(by: .seconds(days * 86_400)))
  }

  private func questions(_ options: CallOptions) -> [(String, Ask)] {
    let (from, to) = range(days: 31)
    let raw = TraksenseV1.HistoryRequest(
      deviceID: YearOfReadings.device, from: ProtoTimestamp(microseconds: from.microseconds),
      to: ProtoTimestamp(microseconds: to.microseconds), interval: "raw")
    let (first, end) = range(days: 13)
    let thinned = TraksenseV1.HistoryRequest(
      deviceID: YearOfReadings.device, from: ProtoTimestamp(microseconds: first.microseconds),
      to: ProtoTimestamp(microseconds: end.microseconds), interval: "1m", downsample: "lttb",
      points: 1_000)
    let minutes = TraksenseV1.ListAggregatesRequest(
      bucket: "1m", deviceID: YearOfReadings.device,
      from: ProtoTimestamp(microseconds: first.microseconds),
      to: ProtoTimestamp(microseconds: end.microseconds), limit: 5_000)
    return [
      (
        "stream of 31 days raw, 223 thousand points",
        { telemetry, _ in
          for try await _ in try await telemetry.history(raw, options: options) {}
        }
      ),
      (
        "13 days by the minute, thinned out from 94 thousand points",
        { telemetry, _ in
          for try await _ in try await telemetry.history(thinned, options: options) {}
        }
      ),
      (
        "the last 5,000 of 94 thousand aggregates",
        { _, queries in _ = try await queries.listAggregates(minutes, options: options) }
      ),
    ]
  }

  /// Each caller has a connection of its own.
  private func all(_ callers: Int, _ ask: @escaping Ask) async throws {
    let port = Int(house.rpcPort)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<callers {
        group.addTask {
          let connection = try await RPCConnection.connect(
            host: "127.0.0.1", port: port, group: MultiThreadedEventLoopGroup.singleton)
          try await ask(
            TraksenseV1.TelemetryServiceClient(channel: connection),
            TraksenseV1.TelemetryQueryServiceClient(channel: connection))
          await connection.close()
        }
      }
      try await group.waitForAll()
    }
  }

  /// Resident kB before and at most meanwhile, and how long it took.
  private func peak(
    of serve: ChildProcess, while body: () async throws -> Void
  ) async throws -> (before: Int, peak: Int, seconds: Double) {
    guard let before = ProcessUsage.residentKilobytes(of: serve.processID) else {
      throw BenchError("traksense serve ended")
    }
    let process = serve.processID
    let sampler = Task {
      var peak = before
      while !Task.isCancelled {
        peak = max(peak, ProcessUsage.residentKilobytes(of: process) ?? 0)
        // Cancelled: over.
        try? await Task.sleep(for: .milliseconds(20))
      }
      return peak
    }
    let begun = ContinuousClock.now
    do {
      try await body()
    } catch {
      sampler.cancel()
      throw error
    }
    let took = (ContinuousClock.now - begun).inSeconds
    sampler.cancel()
    return (before, await sampler.value, took)
  }
}
