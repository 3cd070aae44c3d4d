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

  @Option(help: "host:port of the gRPC server; several with commas, or unix:path.")
  var server = "127.0.0.1:50051"

  @OptionGroup var tls: TLSOptions

  @OptionGroup var credentials: CredentialOptions

  @Option(help: "Slug of the tenant.")
  var tenant = "umc"

  @Option(name: .customLong("device"), help: "Only this device; may be repeated.")
  var devices: [String] = []

  @Option(name: .customLong("sensor"), help: "Only sensors with this identity; may be repeated.")
  var sensors: [String] = []

  @Option(help: "Stop after so many readings.")
  var count: Int?

  func run() async throws {
    guard let target = ClientTarget(server) else {
      throw ValidationError("--server is not host:port, or unix:path")
    }
    var configuration = ClientConfiguration()
    configuration.tls = tls.configuration
    // Somebody is waiting.
    configuration.backoff.maximum = .seconds(5)
    configuration.keepalive = ClientKeepalive(time: .seconds(300))
    let client = try RPCClient(
      target, configuration, group: MultiThreadedEventLoopGroup.singleton)
    var progress = Progress(left: count ?? .max)
    var pause = Self.shortestPause
    while progress.left > 0 {
      let cursor = progress.cursor
      do throws(RPCError) {
        try await watch(client, &progress)
      } catch {
        guard error.code == .unavailable else { throw error }
        say("— \(error.message); trying again")
        // The client itself waits between connections; this is for servers that take calls and fail them.
        pause = progress.cursor == cursor ? min(pause * 2, .seconds(5)) : Self.shortestPause
        try await Task.sleep(for: pause)
      }
    }
    await client.close()
  }

  private static let shortestPause = Duration.milliseconds(200)

  private struct Progress {
    /// Readings still to be printed.
    var left: Int
    /// The last commit seen; nil: no stream has begun yet.
    var cursor: Int64?
  }

  private var metadata: Metadata {
    var metadata = credentials.metadata
    metadata.add(tenant, for: "x-tenant")
    return metadata
  }

  private func watch(_ channel: RPCClient, _ progress: inout Progress) async throws(RPCError) {
    let client = TraksenseV1.TelemetryServiceClient(channel: channel)
    let stream = try await client.subscribe(
      TraksenseV1.SubscribeRequest(deviceID: devices, sensorID: sensors, slowReader: .gap),
      options: CallOptions(metadata: metadata))
    var series: [Int64: TraksenseV1.Series] = [:]
    for try await message in stream {
      switch message.event {
      case .start(let start):
        for one in start.series { series[one.seriesKey] = one }
        if let cursor = progress.cursor, cursor < start.cursor {
          say("— while away: commits \(cursor + 1)…\(start.cursor) were left out")
        }
        progress.cursor = start.cursor
        say("— live from cursor \(start.cursor): \(start.series.count) sensors")
      case .series(let added):
        for one in added.series { series[one.seriesKey] = one }
      case .block(let block):
        progress.cursor = block.cursor
        for (index, key) in block.seriesKey.enumerated() where progress.left > 0 {
          guard let one = series[key] else { continue }
          let time = Timestamp(microseconds: block.timestampUS[index]).rfc3339
          say("\(time)  \(one.deviceID)  \(one.sensorID)  \(block.value[index]) \(one.unit)")
          progress.left -= 1
        }
        if progress.left <= 0 { return }
      case .gap(let gap):
        progress.cursor = gap.toCursor
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
