// SPDX-License-Identifier: Apache-2.0
import NIOPosix
import RPCRuntime
import TrakSenseAPI

/// Subscriptions to everything of a tenant, on one connection, each read by a task of its own.
final class Subscribers: Sendable {
  private let connection: RPCConnection
  private let readers: [Task<Void, any Error>]

  /// Returns when each has received its `start`.
  /// - Parameters:
  ///   - metadata: names the tenant and shows credentials.
  ///   - blocks: told of each block that any of them receives.
  init(_ count: Int, port: Int, metadata: Metadata, blocks: Arrivals = Arrivals()) async throws {
    connection = try await RPCConnection.connect(
      host: "127.0.0.1", port: port, group: MultiThreadedEventLoopGroup.singleton)
    let client = TraksenseV1.TelemetryServiceClient(channel: connection)
    let starts = Arrivals()
    readers = (0..<count).map { _ in
      Task {
        let stream = try await client.subscribe(
          TraksenseV1.SubscribeRequest(), options: CallOptions(metadata: metadata))
        for try await message in stream {
          switch message.event {
          case .start: starts.add()
          case .block: blocks.add()
          case .series, .gap, nil: break
          }
        }
      }
    }
    await starts.wait(for: count)
  }

  func close() async {
    await connection.close()
    // They end with UNAVAILABLE.
    for reader in readers { _ = await reader.result }
  }
}
