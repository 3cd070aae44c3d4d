// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Glibc
import NIOPosix
import RPCRuntime
import TrakSenseAPI

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Print live readings as they are committed.")

  @Option(help: "host:port of the gRPC server.")
  var server = "127.0.0.1:50051"

  @Option(help: "Slug of the tenant.")
  var tenant = "umc"

  @Option(name: .customLong("device"), help: "Only this device; may be repeated.")
  var devices: [String] = []

  @Option(name: .customLong("sensor"), help: "Only sensors with this identity; may be repeated.")
  var sensors: [String] = []

  @Option(help: "Stop after so many readings.")
  var count: Int?

  func run() async throws {
    guard let address = ListenAddress(server) else {
      throw ValidationError("--server is not host:port")
    }
    var left = count ?? .max
    var pause = Duration.milliseconds(200)
    while left > 0 {
      do throws(RPCError) {
        let connection = try await RPCConnection.connect(
          host: address.host, port: address.port, group: MultiThreadedEventLoopGroup.singleton)
        pause = .milliseconds(200)
        try await watch(connection, &left)
        await connection.close()
      } catch {
        guard error.code == .unavailable else { throw error }
        say("— \(error.message); trying again")
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .seconds(5))
      }
    }
  }

  private func watch(_ connection: RPCConnection, _ left: inout Int) async throws(RPCError) {
    let client = TraksenseV1.TelemetryServiceClient(channel: connection)
    let stream = try await client.subscribe(
      TraksenseV1.SubscribeRequest(deviceID: devices, sensorID: sensors, slowReader: .gap),
      options: CallOptions(metadata: ["x-tenant": tenant]))
    var series: [Int64: TraksenseV1.Series] = [:]
    for try await message in stream {
      switch message.event {
      case .start(let start):
        for one in start.series { series[one.seriesKey] = one }
        say("— live from cursor \(start.cursor): \(start.series.count) sensors")
      case .series(let added):
        for one in added.series { series[one.seriesKey] = one }
      case .block(let block):
        for (index, key) in block.seriesKey.enumerated() where left > 0 {
          guard let one = series[key] else { continue }
          let time = Timestamp(microseconds: block.timestampUS[index]).rfc3339
          say("\(time)  \(one.deviceID)  \(one.sensorID)  \(block.value[index]) \(one.unit)")
          left -= 1
        }
        if left <= 0 { return }
      case .gap(let gap):
        say("— too slow: commits \(gap.fromCursor)…\(gap.toCursor) were left out")
      case nil:
        break
      }
    }
  }

  /// Prints a line that is seen now, also where output goes to a pipe or a file.
  private func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}
