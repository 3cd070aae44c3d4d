// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RPCRuntime

/// A server that sends whatever bytes its script says.
final class RawServer: Sendable {
  /// What happens on a connection.
  enum Event {
    case opened
    case frame(RawFrame)
  }

  /// What is done about it.
  struct Reply {
    var bytes: [UInt8] = []
    var closes = false
    /// The bytes again and again, as fast as the client takes them, so many times.
    var times = 1

    static let nothing = Reply()

    static func send(_ frames: RawFrame...) -> Reply { Reply(bytes: frames.flatMap(\.bytes)) }
  }

  /// - Parameter connection: 0 for the first.
  typealias Script = @Sendable (_ connection: Int, _ event: Event) -> Reply

  let port: Int
  private let listener: any Channel
  private let record: Record

  private final class Record: Sendable {
    struct State {
      var connections: [any Channel] = []
      var frames: [(connection: Int, frame: RawFrame)] = []
    }

    let state = Mutex(State())
  }

  init(_ script: @escaping Script) async throws {
    let record = Record()
    listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let number = record.state.withLock { state in
            state.connections.append(channel)
            return state.connections.count - 1
          }
          try channel.pipeline.syncOperations.addHandler(
            Player(script, number) { frame in
              record.state.withLock { $0.frames.append((number, frame)) }
            })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = listener.localAddress?.port ?? 0
    self.record = record
  }

  /// Begins connections with SETTINGS, acknowledges the client's and answers PING; the script does the rest.
  static func polite(
    settings: [(id: UInt8, value: UInt32)] = [], _ script: @escaping Script
  ) async throws -> RawServer {
    try await RawServer { connection, event in
      switch event {
      case .opened:
        var reply = script(connection, event)
        reply.bytes = RawFrame.settings(settings).bytes + reply.bytes
        return reply
      case .frame(let frame) where frame.has(.settings):
        return frame.flags == 0 ? .send(.settingsAck) : .nothing
      case .frame(let frame) where frame.has(.ping) && frame.flags == 0:
        return .send(RawFrame(.ping, flags: RawFrame.ack, frame.payload))
      case .frame: return script(connection, event)
      }
    }
  }

  var target: ClientTarget { .host("127.0.0.1", port: port) }

  var connectionCount: Int { record.state.withLock { $0.connections.count } }

  var openConnections: Int { record.state.withLock { $0.connections.count { $0.isActive } } }

  func frames(_ kind: RawFrame.Kind) -> [(connection: Int, frame: RawFrame)] {
    record.state.withLock { $0.frames.filter { $0.frame.has(kind) } }
  }

  /// Sends bytes on a connection that is open.
  func send(_ frames: RawFrame..., on connection: Int) {
    let channel = record.state.withLock { $0.connections[connection] }
    channel.writeAndFlush(ByteBuffer(bytes: frames.flatMap(\.bytes)), promise: nil)
  }

  /// Takes nothing more from a connection.
  func pauseReading(on connection: Int) {
    let channel = record.state.withLock { $0.connections[connection] }
    channel.setOption(.autoRead, value: false).whenFailure { Issue.record($0) }
  }

  func stop() async {
    let open = record.state.withLock { $0.connections } + [listener]
    for channel in open {
      channel.close(promise: nil)
      await withCheckedContinuation { continuation in
        channel.closeFuture.whenComplete { _ in continuation.resume() }
      }
    }
  }

  private final class Player: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let script: Script
    private let number: Int
    private let note: (RawFrame) -> Void
    private var rest = ByteBuffer()
    private var sawPreface = false
    private var repeated: (bytes: ByteBuffer, times: Int)?

    init(_ script: @escaping Script, _ number: Int, _ note: @escaping (RawFrame) -> Void) {
      self.script = script
      self.number = number
      self.note = note
    }

    func channelActive(context: ChannelHandlerContext) {
      act(script(number, .opened), context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      rest.writeImmutableBuffer(bytes)
      if !sawPreface, rest.readableBytes >= RawFrame.preface.count {
        sawPreface = true
        rest.moveReaderIndex(forwardBy: RawFrame.preface.count)
      }
      while sawPreface, let frame = rest.readFrame() {
        note(frame)
        act(script(number, .frame(frame)), context)
      }
      rest.discardReadBytes()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
      pour(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }

    private func act(_ reply: Reply, _ context: ChannelHandlerContext) {
      if reply.times > 1 {
        repeated = (ByteBuffer(bytes: reply.bytes), reply.times)
        return pour(context)
      }
      if !reply.bytes.isEmpty {
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: reply.bytes)), promise: nil)
      }
      if reply.closes { context.close(promise: nil) }
    }

    private func pour(_ context: ChannelHandlerContext) {
      while let (bytes, times) = repeated, times > 0, context.channel.isWritable,
        context.channel.isActive
      {
        repeated = (bytes, times - 1)
        context.writeAndFlush(NIOAny(bytes), promise: nil)
      }
    }
  }
}

extension ByteBuffer {
  /// The next whole HTTP/2 frame (RFC 9113 §4.1).
  fileprivate mutating func readFrame() -> RawFrame? {
    let start = readerIndex
    guard let high = getInteger(at: start, as: UInt8.self),
      let low = getInteger(at: start + 1, as: UInt16.self),
      let kind = getInteger(at: start + 3, as: UInt8.self),
      let flags = getInteger(at: start + 4, as: UInt8.self),
      let stream = getInteger(at: start + 5, as: UInt32.self),
      let payload = getBytes(at: start + 9, length: Int(high) << 16 | Int(low))
    else { return nil }
    moveReaderIndex(forwardBy: 9 + payload.count)
    return RawFrame(kind: kind, flags: flags, stream: stream, payload: payload)
  }
}

extension RawFrame {
  static let responseFields: Fields = [
    (":status", "200"), ("content-type", "application/grpc"),
  ]

  /// A whole successful response with one message.
  static func response(_ stream: UInt32, _ text: String) -> [RawFrame] {
    [
      headers(stream, responseFields), data(stream, message(text)),
      headers(stream, [("grpc-status", "0")], end: true),
    ]
  }
}

extension RawServer.Reply {
  static func answer(_ stream: UInt32, _ text: String) -> RawServer.Reply {
    RawServer.Reply(bytes: RawFrame.response(stream, text).flatMap(\.bytes))
  }
}
