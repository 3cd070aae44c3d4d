// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RPCRuntime

@Suite("Peers that do all at once", .timeLimit(.minutes(5)))
struct BurstTests {
  /// The socket takes what makes the channel unwritable within the very flush that hands it over. The peer
  /// then sends nothing more that could wake the server up: its windows are open.
  @Test("nothing is left behind when the socket takes all at once")
  func takesAllAtOnce() async throws {
    var limits = ServerLimits()
    limits.maxPendingBytesPerConnection = 64 << 10
    try await Loopback.run(limits) { loopback in
      let channel = try await ClientBootstrap(group: loopback.group)
        .connect(host: "127.0.0.1", port: loopback.port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
          }
        }
      let ended = try await channel.executeThenClose { inbound, outbound in
        let client = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
        try await outbound.write(try Self.requests(30, client))
        return try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            try await Task.sleep(for: .seconds(60))
            try await channel.channel.close()
          }
          var ended = 0
          for try await bytes in inbound {
            let events = try bytes.withUnsafeReadableBytes { try client.receive($0) }
            for case .headers(_, _, endStream: true) in events { ended += 1 }
            if ended == 30 { break }
          }
          group.cancelAll()
          return ended
        }
      }
      #expect(ended == 30)
    }
  }

  /// Four PINGs close the connection; the call that comes with them must not begin, because nothing would
  /// ever end it.
  @Test("a call in the same burst as an offence is not begun")
  func callBehindOffence() async throws {
    try await Loopback.run { loopback in
      let channel = try await ClientBootstrap(group: loopback.group)
        .connect(host: "127.0.0.1", port: loopback.port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
          }
        }
      try await channel.executeThenClose { inbound, outbound in
        let client = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
        // nghttp2 sends PINGs ahead of requests.
        for _ in 0..<4 { client.ping() }
        try await outbound.write(try Self.requests(1, client, EchoService.hang))
        for try await _ in inbound {}
      }
      #expect(loopback.service.running.load(ordering: .relaxed) == 0)
    }
  }

  /// Preface and calls in one piece, so that all are answered in one flush: 600 kB.
  private static func requests(
    _ count: Int, _ client: borrowing HTTP2Session, _ method: MethodDescriptor = EchoService.flood
  ) throws -> ByteBuffer {
    for _ in 0..<count {
      let body = OutboundBody()
      body.append(MessageFrame { $0.writeString("2") }.framed)
      body.end = .endStream
      _ = try client.request(
        headers: [
          ":method": "POST", ":scheme": "http", ":path": method.path,
          ":authority": "test", "content-type": "application/grpc", "te": "trailers",
        ], body: body)
    }
    var output = OutputQueue()
    try client.send(into: &output, limit: .max)
    var all = ByteBuffer()
    for buffer in output.buffers { all.writeImmutableBuffer(buffer) }
    return all
  }
}
