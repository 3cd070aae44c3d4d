// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import NIOPosix
import RPCRuntime
import TrakSenseAPI

/// Deliveries per CPU-second of the server when one message at a time goes to 1,000 subscriptions. The
/// server is BenchServer: runtime, service and hub without database and broker.
struct FanoutBenchmark {
  private static let connections = 4
  private static let streamsEach = 250
  private static let rounds = 2_000
  private static let warmUp = 200

  let report: Report

  func run() async throws {
    report.section("Fan-out to 1,000 subscriptions on 4 connections, one message at a time")
    let port = try FreePort.find()
    var command = ChildProcess.Command(
      try House.sibling("BenchServer"), ["\(port)", "1", "fanout"])
    command.deathSignal = .terminate
    let server = try ChildProcess(command)
    let isUp = await eventually { FreePort.isListening(port) }
    guard isUp else { throw BenchError("BenchServer did not start") }
    let idle = ProcessUsage.residentKilobytes(of: server.processID) ?? 0
    let blocks = Arrivals()
    var subscribers: [Subscribers] = []
    for _ in 0..<Self.connections {
      subscribers.append(
        try await Subscribers(
          Self.streamsEach, port: Int(port), metadata: ["x-tenant": "umc"], blocks: blocks))
    }
    let streams = Self.connections * Self.streamsEach
    let open = ProcessUsage.residentKilobytes(of: server.processID) ?? 0
    let connection = try await RPCConnection.connect(
      host: "127.0.0.1", port: Int(port), group: MultiThreadedEventLoopGroup.singleton)
    let client = TraksenseV1.TelemetryServiceClient(channel: connection)
    let reading = TraksenseV1.Reading(
      deviceID: "ESP32-01", sensorID: "temp_001", value: 23.5, unit: "°C",
      timestamp: ProtoTimestamp(microseconds: TestPoints.now.microseconds))
    let request = TraksenseV1.IngestRequest(readings: [reading])
    let options = CallOptions(metadata: ["x-tenant": "umc", "x-api-key": "bench"])
    var used = 0.0
    var begun = ContinuousClock.now
    for round in 0..<(Self.warmUp + Self.rounds) {
      if round == Self.warmUp {
        used = ProcessUsage.cpuSeconds(of: server.processID)
        begun = .now
      }
      _ = try await client.ingest(request, options: options)
      await blocks.wait(for: streams * (round + 1))
    }
    let elapsed = (ContinuousClock.now - begun).inSeconds
    used = ProcessUsage.cpuSeconds(of: server.processID) - used
    let deliveries = Double(streams * Self.rounds)
    report.add("deliveries per CPU-second of the server", deliveries / used, "")
    report.add("deliveries per second, the readers on the same machine", deliveries / elapsed, "")
    report.add(
      "memory of each subscription in this server", Double(open - idle) / Double(streams), "kB",
      digits: 2)
    for one in subscribers { await one.close() }
    await connection.close()
    await server.kill()
  }
}
