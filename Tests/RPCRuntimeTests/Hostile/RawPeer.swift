// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

/// A client that sends whatever bytes it likes and notes what comes back.
final class RawPeer: Sendable {
  let channel: any Channel
  private let record: Record

  private init(_ channel: any Channel, _ record: Record) {
    self.channel = channel
    self.record = record
  }

  /// - Parameter reads: false: never takes anything from its socket.
  static func connect(to loopback: Loopback, reads: Bool = true) async throws -> RawPeer {
    try await connect(port: loopback.port, loopback.group, reads: reads)
  }

  private static func connect(
    port: Int, _ group: any EventLoopGroup, reads: Bool
  ) async throws -> RawPeer {
    let record = Record()
    let channel = try await ClientBootstrap(group: group)
      .channelOption(.autoRead, value: reads)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Recorder(record))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    return RawPeer(channel, record)
  }

  /// Connects, sends preface and SETTINGS, and waits until the server has acknowledged them: what is sent
  /// after that is another burst.
  static func begin(
    with loopback: Loopback, settings: [(id: UInt8, value: UInt32)] = []
  ) async throws -> RawPeer {
    try await begin(connect(to: loopback), settings)
  }

  /// As ``begin(with:settings:)``, on the server's own loop.
  static func begin(
    with running: ListeningServer, settings: [(id: UInt8, value: UInt32)] = []
  ) async throws -> RawPeer {
    try await begin(connect(port: running.port(), running.group, reads: true), settings)
  }

  private static func begin(
    _ peer: RawPeer, _ settings: [(id: UInt8, value: UInt32)]
  ) async throws -> RawPeer {
    await peer.send(RawFrame.preface + RawFrame.settings(settings).bytes)
    try await eventually("the server acknowledges SETTINGS") {
      peer.frames.contains { $0.has(.settings) && $0.flags == RawFrame.ack }
    }
    return peer
  }

  // MARK: Out

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
  func send(_ frames: RawFrame...) async -> Bool { await send(frames.flatMap(\.bytes)) }

  func close() async {
    channel.close(promise: nil)
    await closed()
  }

  /// Closes with RST instead of FIN.
  func abort() async throws {
    let provider = try #require(channel as? any SocketOptionProvider)
    try await provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
    await close()
  }

  private func closed() async {
    await withCheckedContinuation { continuation in
      channel.closeFuture.whenComplete { _ in continuation.resume() }
    }
  }

  // MARK: In

  var frames: [RawFrame] { record.state.withLock { $0.frames } }

  var isClosed: Bool { !channel.isActive }

  /// Code and debug data of the last GOAWAY.
  var goAway: (code: HTTP2ErrorCode, reason: String)? {
    frames.last { $0.has(.goAway) }.map {
      (
        HTTP2ErrorCode(wire: $0.number(at: 4)),
        String(decoding: $0.payload.dropFirst(8), as: UTF8.self)
      )
    }
  }

  /// How many bytes of DATA the server has allowed on the stream so far.
  func window(_ stream: UInt32, initially: Int) -> Int {
    frames.lazy.filter { $0.has(.windowUpdate) && $0.stream == stream }
      .reduce(initially) { $0 + Int($1.number()) }
  }

  /// Sends the first DATA frame of a stream so many times, as fast as its window allows.
  func send(_ frame: RawFrame, times: Int) async throws {
    let burst = max(1, 16_384 / frame.payload.count)
    var sent = 0
    while sent < times {
      let count = min(burst, times - sent)
      try await eventually("the server lets more be sent") {
        self.window(frame.stream, initially: ServerLimits().streamWindow)
          >= (sent + count) * frame.payload.count || self.isClosed
      }
      await send(RawFrame.repeated(count, frame))
      sent += count
    }
  }

  /// Why the server reset the stream; nil: it did not.
  func resetCode(_ stream: UInt32) -> HTTP2ErrorCode? {
    frames.first { $0.has(.reset) && $0.stream == stream }
      .map { HTTP2ErrorCode(wire: $0.number()) }
  }

  /// A header or trailer of a response.
  func field(_ name: StaticString, _ stream: UInt32) -> String? {
    record.state.withLock { state in
      state.headers[StreamID(stream), default: []].lazy.compactMap { $0[name] }.first
    }
  }

  /// The header lists of a response, trailers included.
  func headers(_ stream: UInt32) -> [HeaderList] {
    record.state.withLock { $0.headers[StreamID(stream), default: []] }
  }

  func status(_ stream: UInt32) -> String? { field("grpc-status", stream) }

  /// Waits until the server has answered the stream in whatever way.
  func answered(_ stream: UInt32) async throws {
    try await eventually("stream \(stream) is answered") {
      self.frames.contains {
        $0.stream == stream
          && ($0.has(.reset)
            || ($0.has(.headers) || $0.has(.data)) && $0.flags & RawFrame.endStream != 0)
      } || self.isClosed
    }
  }

  /// Makes a call on this connection and expects it to succeed.
  func expectCall(_ stream: UInt32) async throws {
    await send(RawFrame.call(stream, EchoService.say, "still here"))
    try await answered(stream)
    #expect(status(stream) == "0", "a call on stream \(stream)")
  }

  /// Waits for the server to close, and expects it to say why.
  func expectGoAway(_ code: HTTP2ErrorCode, _ reason: String? = nil) async throws {
    try await expectClose()
    #expect(goAway?.code == code)
    if let reason { #expect(goAway?.reason == reason) }
  }

  func expectClose() async throws {
    try await eventually("the server closes the connection") { self.isClosed }
  }

  // MARK: What comes back

  private final class Record: Sendable {
    let state = Mutex(State())

    struct State {
      var frames: [RawFrame] = []
      var headers: [StreamID: [HeaderList]] = [:]
    }
  }

  /// Cuts the bytes into frames; header blocks are read by an nghttp2 client that believes it has opened
  /// the first 60 streams.
  private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let record: Record
    private let decoder: HTTP2Session
    private var decoderGoesOn = true
    private var rest = ByteBuffer()

    init(_ record: Record) throws {
      self.record = record
      decoder = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
      for _ in 0..<60 {
        _ = try decoder.request(
          headers: [":method": "POST", ":scheme": "http", ":path": "/", ":authority": "a"],
          body: OutboundBody())
      }
      try discardOutput()
      // What a server's connection begins with.
      decode(RawFrame.settings().bytes)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      rest.writeImmutableBuffer(bytes)
      while let frame = nextFrame() {
        // The decoder knows of one SETTINGS only.
        if !frame.has(.settings) { decode(frame.bytes) }
        record.state.withLock { $0.frames.append(frame) }
      }
      rest.discardReadBytes()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }

    private func nextFrame() -> RawFrame? {
      let start = rest.readerIndex
      guard let high = rest.getInteger(at: start, as: UInt8.self),
        let low = rest.getInteger(at: start + 1, as: UInt16.self),
        let kind = rest.getInteger(at: start + 3, as: UInt8.self),
        let flags = rest.getInteger(at: start + 4, as: UInt8.self),
        let stream = rest.getInteger(at: start + 5, as: UInt32.self),
        let payload = rest.getBytes(at: start + 9, length: Int(high) << 16 | Int(low))
      else { return nil }
      rest.moveReaderIndex(forwardBy: 9 + payload.count)
      return RawFrame(kind: kind, flags: flags, stream: stream, payload: payload)
    }

    private func decode(_ bytes: [UInt8]) {
      guard decoderGoesOn else { return }
      do {
        for event in try bytes.withUnsafeBytes({ try decoder.receive($0) }) {
          switch event {
          case .headers(let stream, let headers, _):
            record.state.withLock { $0.headers[stream, default: []].append(headers) }
          case .data(let stream, let bytes): decoder.consume(bytes.readableBytes, on: stream)
          default: break
          }
        }
        try discardOutput()
      } catch {
        // An answer to an offence that this client knows nothing of; frames are noted all the same.
        decoderGoesOn = false
      }
    }

    private func discardOutput() throws {
      var output = OutputQueue()
      try decoder.send(into: &output, limit: .max)
    }
  }
}
