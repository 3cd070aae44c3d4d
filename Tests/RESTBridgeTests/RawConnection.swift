// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Testing

/// A TCP connection on which a test says exactly what it wants, and reads only when it wants.
struct RawConnection {
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private let channel: any Channel
  /// Everything read so far.
  private(set) var received = ""

  /// - Parameter receiveBuffer: the socket's, in bytes; small ones make slow readers.
  static func open<Value: Sendable>(
    port: Int, receiveBuffer: Int? = nil,
    _ body: @Sendable (inout RawConnection) async throws -> Value
  ) async throws -> Value {
    var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    if let receiveBuffer {
      bootstrap = bootstrap.channelOption(
        ChannelOptions.socketOption(.so_rcvbuf), value: receiveBuffer)
    }
    let channel = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
    return try await channel.executeThenClose { inbound, outbound in
      var connection = RawConnection(
        inbound: inbound.makeAsyncIterator(), outbound: outbound, channel: channel.channel)
      return try await body(&connection)
    }
  }

  func send(_ text: String) async throws {
    try await outbound.write(ByteBuffer(string: text))
  }

  /// Sends the head of a request.
  func request(_ line: String, _ headers: String...) async throws {
    let lines = ["\(line) HTTP/1.1", "Host: umc.localhost"] + headers
    try await send(lines.joined(separator: "\r\n") + "\r\n\r\n")
  }

  /// Reads on until what was received contains `text`.
  /// - Throws: when the connection ends before.
  mutating func read(until text: String) async throws {
    // What was searched is not searched again: a long stream would cost its square.
    var searched = 0
    while true {
      let rest = String(decoding: received.utf8.dropFirst(searched), as: UTF8.self)
      if rest.contains(text) { return }
      searched = max(0, received.utf8.count - text.utf8.count)
      let more = try await inbound.next(isolation: #isolation)
      received += String(
        buffer: try #require(more, "closed before \"\(text)\"; got: \(received.suffix(500))"))
    }
  }

  /// Reads on until the peer closes.
  mutating func readToEnd() async {
    do {
      while let more = try await inbound.next(isolation: #isolation) {
        received += String(buffer: more)
      }
    } catch {
      // A reset is an end, too.
    }
  }

  /// Closes at once.
  func close() { channel.close(promise: nil) }
}
