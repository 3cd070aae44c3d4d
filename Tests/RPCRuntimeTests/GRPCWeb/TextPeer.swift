// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// A client that sends whatever text it likes and notes what comes back.
final class TextPeer: Sendable {
  let channel: any Channel
  private let received: Received

  private final class Received: Sendable {
    let bytes = Mutex(ByteBuffer())
  }

  private init(_ channel: any Channel, _ received: Received) {
    self.channel = channel
    self.received = received
  }

  /// - Parameter reads: false: takes nothing from its socket until it is told to.
  static func connect(to loopback: Loopback, reads: Bool = true) async throws -> TextPeer {
    let received = Received()
    let channel = try await ClientBootstrap(group: loopback.group)
      .channelOption(.autoRead, value: reads)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Recorder(received))
        }
      }
      .connect(host: "127.0.0.1", port: loopback.port).get()
    return TextPeer(channel, received)
  }

  /// - Returns: false when the connection was gone.
  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    do {
      try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
      return true
    } catch {
      return false
    }
  }

  @discardableResult
  func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

  /// What came so far.
  var text: String { received.bytes.withLock { String(buffer: $0) } }
  var byteCount: Int { received.bytes.withLock { $0.readableBytes } }
  var isClosed: Bool { !channel.isActive }

  func expect(_ text: String) async throws {
    try await eventually("the server says \(text)") { self.text.contains(text) }
  }

  func expectClose() async throws {
    try await eventually("the server closes the connection") { self.isClosed }
  }

  func close() async {
    await withCheckedContinuation { continuation in
      channel.closeFuture.whenComplete { _ in continuation.resume() }
      channel.close(promise: nil)
    }
  }

  private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let received: Received

    init(_ received: Received) {
      self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      received.bytes.withLock { _ = $0.writeImmutableBuffer(bytes) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}
