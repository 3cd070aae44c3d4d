// SPDX-License-Identifier: Apache-2.0
import BenchMessages
import NIOPosix
import RPCRuntime

/// What slow calls cost others: how long a fast unary call takes on a connection on which 50 slow handlers
/// are running all the time.
struct SlowCallBenchmark {
  /// A server of `traksense.bench.v1.BenchService` that is running already.
  struct Server {
    let name: String
    let port: Int

    /// - Parameter text: `NAME=PORT`.
    init?(_ text: String) {
      let parts = text.split(separator: "=")
      guard parts.count == 2, let port = Int(parts[1]) else { return nil }
      name = String(parts[0])
      self.port = port
    }
  }

  private static let slowHandlers = 50
  private static let warmUp = 500
  private static let fastCalls = 5_000

  let servers: [Server]
  let report: Report

  func run() async throws {
    report.section("A fast call beside \(Self.slowHandlers) slow handlers on its connection")
    for server in servers {
      try await run(server, "alone", slow: nil)
      try await run(
        server, "slow ones wait 100 ms",
        slow: TraksenseBenchV1.SlowRequest(waitMilliseconds: 100))
      try await run(
        server, "slow ones wait 100 ms, compute 200 µs",
        slow: TraksenseBenchV1.SlowRequest(waitMilliseconds: 100, busyMicroseconds: 200))
    }
  }

  private func run(_ server: Server, _ title: String, slow: TraksenseBenchV1.SlowRequest?)
    async throws
  {
    let connection = try await RPCConnection.connect(
      host: "127.0.0.1", port: server.port, group: MultiThreadedEventLoopGroup.singleton)
    let client = TraksenseBenchV1.BenchServiceClient(channel: connection)
    let times = try await withThrowingTaskGroup(of: Void.self) { group in
      if let slow {
        for _ in 0..<Self.slowHandlers {
          group.addTask {
            while !Task.isCancelled { _ = try await client.slow(slow) }
          }
        }
      }
      let times = try await Self.timeFastCalls(client)
      group.cancelAll()
      do { try await group.waitForAll() } catch let error as RPCError where error.code == .cancelled
      {
        // The slow calls end so.
      }
      return times
    }
    await connection.close()
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
      report.add(
        "\(server.name), \(title): \(name)", times[Int(Double(times.count) * share)] * 1_000_000,
        "µs")
    }
  }

  /// Seconds a call, ascending.
  private static func timeFastCalls(
    _ client: TraksenseBenchV1.BenchServiceClient
  ) async throws -> [Double] {
    let payload = TraksenseBenchV1.Payload(body: [UInt8](repeating: 0, count: 32))
    var times: [Double] = []
    for call in 0..<(warmUp + fastCalls) {
      let begun = ContinuousClock.now
      _ = try await client.unary(payload)
      if call >= warmUp { times.append((ContinuousClock.now - begun).inSeconds) }
    }
    return times.sorted()
  }
}
