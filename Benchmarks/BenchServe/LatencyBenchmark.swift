// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
import DevStack
import Domain
import Foundation
import NIOPosix
import RPCRuntime
import TrakSenseAPI

/// From the moment a reading is sent to the broker until a subscriber of the RPC stream has it, committed
/// on the way. The reading's timestamp is the moment of sending.
struct LatencyBenchmark {
  private struct Shape {
    let name: String
    let pointsEach: Int
    let interval: Duration
  }

  private static let shapes = [
    Shape(name: "1,000 messages/s × 1 point", pointsEach: 1, interval: .milliseconds(1)),
    Shape(name: "100 messages/s × 10 points", pointsEach: 10, interval: .milliseconds(10)),
  ]
  private static let seconds = 10

  let house: House
  let report: Report

  func run() async throws {
    report.section("Publish → subscriber at 1,000 points/s, through broker, commit and Subscribe")
    let serve = try await house.serve()
    for shape in Self.shapes {
      // The first second warms up.
      _ = try await latencies(shape, seconds: 1)
      let latencies = try await latencies(shape, seconds: Self.seconds).sorted()
      let p99 = latencies[latencies.count * 99 / 100]
      let name = "\(shape.name), \(house.storage)"
      report.add("p50, \(name)", latencies[latencies.count / 2], "ms", digits: 1)
      report.add("p99, \(name)", p99, "ms", digits: 1, target: "≤ 50 ms", isMet: p99 <= 50)
      report.add("max, \(name)", latencies.last ?? 0, "ms", digits: 1)
    }
    await serve.stop()
  }

  /// Milliseconds, one per point.
  private func latencies(_ shape: Shape, seconds: Int) async throws -> [Double] {
    let connection = try await RPCConnection.connect(
      host: "127.0.0.1", port: Int(house.rpcPort), group: MultiThreadedEventLoopGroup.singleton)
    let client = TraksenseV1.TelemetryServiceClient(channel: connection)
    let stream = try await client.subscribe(
      TraksenseV1.SubscribeRequest(), options: CallOptions(metadata: house.metadata))
    var messages = stream.makeAsyncIterator()
    // `start`: from here on nothing is missed.
    _ = try await messages.next()
    let messageCount = seconds * 1_000 / shape.pointsEach
    let port = house.broker.port
    async let published: Void = Self.publish(messageCount, shape, port)
    var latencies: [Double] = []
    while latencies.count < messageCount * shape.pointsEach {
      guard let message = try await messages.next() else { throw BenchError("the stream ended") }
      guard case .block(let block) = message.event else { continue }
      let now = TestPoints.now.microseconds
      latencies += block.timestampUS.map { Double(now - $0) / 1_000 }
    }
    try await published
    await connection.close()
    return latencies
  }

  private static func publish(_ count: Int, _ shape: Shape, _ port: UInt16) async throws {
    let thread = try DedicatedThread(name: "load")
    defer { thread.shutdown() }
    try await thread.run { () throws(LoadError) in
      try MQTTLoad(port: port, clientID: "paced").publish(count: count, every: shape.interval) {
        number, packets in
        // A microsecond apart, so that no two are the same point.
        let now = TestPoints.now
        let points = (0..<shape.pointsEach).map { point in
          TestPoints.point(21.5, now.advanced(by: .microseconds(-point)))
        }
        packets.append(
          topic: TestPoints.topic(sensor: number),
          payload: shape.pointsEach == 1 ? points[0] : "[" + points.joined(separator: ",") + "]")
      }
    }
  }
}
