// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOEmbedded
import Synchronization

@testable import RPCRuntime

extension FuzzTarget {
  /// Frames whose lengths are right: `kind, flags, stream, length, payload`, and whole requests.
  static let serverFrames = FuzzTarget(
    name: "server-frames",
    seeds: [
      [0, 0x20, 0, 1, 4, 0, 0, 0, 0],
      [1, 0x23, 0, 1, 0, 0, 0, 1, 9, 0, 0, 0, 0, 4, 0, 1, 2, 3, 3, 0, 0, 4, 0, 0, 0, 8],
      [2, 0x22, 0, 1, 15, 0, 0, 0, 10] + [UInt8](repeating: 7, count: 10),
      [0, 0x31, 4, 1, 0, 1, 0, 3, 1, 2, 3, 4, 0, 0, 6, 0, 3, 0, 0, 0, 100, 8, 0, 1, 4, 0, 0, 1, 0],
      [0, 5, 0, 3, 2, 0, 0, 6, 0, 0, 8] + [UInt8](repeating: 0, count: 8) + [7, 0, 0, 8]
        + [UInt8](repeating: 0, count: 8),
    ]
  ) { bytes in
    var input = FuzzInput(bytes)
    let chunk = [1, 9, 100, 16_384][Int(input.byte() & 3)]
    var wire = FuzzFrame.preface + FuzzFrame.settings
    while !input.isEmpty {
      let kind = input.byte()
      let flags = input.byte()
      let stream = UInt32(input.byte() & 15)
      let payload = input.bytes(Int(input.byte()))
      switch kind & 0xf0 {
      case 0x20, 0x30:
        let path = FuzzService.methods[Int(kind & 3)].path
        let extra = [
          [], [("grpc-timeout", "1S")], [("x-bin", "AAA=")], [("grpc-encoding", "gzip")],
        ][Int(kind >> 2 & 3)]
        wire += FuzzFrame.headers(stream | 1, FuzzFrame.request(path, extra))
        wire += FuzzFrame.data(stream | 1, payload, end: kind & 0x10 == 0)
      default: wire += FuzzFrame.make(kind: kind, flags: flags, stream: stream, payload)
      }
    }
    serve(wire, chunk: chunk)
  }

  /// The bytes as they are; the first one says whether a preface goes before them.
  static let serverBytes = FuzzTarget(
    name: "server-bytes",
    seeds: [
      [3] + FuzzFrame.preface + FuzzFrame.settings
        + FuzzFrame.headers(1, FuzzFrame.request("/f.F/U"))
        + FuzzFrame.data(1, FuzzFrame.message("text"), end: true),
      [0x83] + FuzzFrame.settingsAck
        + FuzzFrame.headers(1, FuzzFrame.request("/f.F/B", [("grpc-timeout", "9H")]))
        + FuzzFrame.data(1, FuzzFrame.message("a") + FuzzFrame.message("b"))
        + FuzzFrame.headers(1, [("x", "y")], end: true),
      [0x80]
        + FuzzFrame.headers(
          1, [(":method", "GET"), (":scheme", "http"), (":path", "/")], end: true),
      [2] + Array("POST /f.F/U HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n12345".utf8),
    ]
  ) { bytes in
    var input = FuzzInput(bytes)
    let mode = input.byte()
    let chunk = [1, 9, 100, 16_384][Int(mode & 3)]
    let start = mode & 0x80 == 0 ? [] : FuzzFrame.preface + FuzzFrame.settings
    serve(start + input.remaining(), chunk: chunk)
  }

  /// gRPC-Web over HTTP/1.1; the first byte says how the bytes are cut.
  static let serverHTTP1 = FuzzTarget(
    name: "server-http1",
    seeds: [
      ("grpc-web+proto", "\u{0}\u{0}\u{0}\u{0}\u{4}text"), ("grpc-web-text", "AAAAAAR0ZXh0"),
      ("json", "{}"),
    ].map { type, body in
      let head =
        "POST /f.F/U HTTP/1.1\r\nhost: a\r\norigin: https://a\r\ncontent-type: application/\(type)\r\n"
      return [2] + Array("\(head)content-length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    } + [
      [1]
        + Array(
          "OPTIONS /f.F/U HTTP/1.1\r\nhost: a\r\norigin: https://a\r\naccess-control-request-method: POST\r\n\r\n"
            .utf8),
      [2]
        + Array(
          "POST /f.F/S HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web\r\ntransfer-encoding: chunked\r\n\r\n6\r\n\u{0}\u{0}\u{0}\u{0}\u{1}x\r\n0\r\n\r\n"
            .utf8),
    ]
  ) { bytes in
    var input = FuzzInput(bytes)
    let chunk = [1, 9, 100, 16_384][Int(input.byte() & 3)]
    serve(input.remaining(), chunk: chunk, isHTTP1: true)
  }

  /// Gives the bytes to a server's connection. Whatever they were, its handlers have ended with it.
  private static func serve(_ bytes: [UInt8], chunk: Int, isHTTP1: Bool = false) {
    let service = FuzzService()
    let openStreams = OpenStreams()
    var limits = ServerLimits()
    limits.maxConcurrentStreams = 8
    limits.maxMessageBytes = 4_096
    let loop = EmbeddedEventLoop()
    let channel = EmbeddedChannel(loop: loop)
    do {
      let router = RPCRouter([service])
      let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
      if isHTTP1 {
        try HTTP1Connection(
          router: router, limits: limits, origins: WebOrigins(["https://a"]), scheme: "http",
          loop: loop, logger: logger, openStreams: openStreams, peerIdentity: nil
        ).add(to: channel.pipeline.syncOperations)
      } else {
        try channel.pipeline.syncOperations.addHandler(
          ServerConnection(
            router: router, limits: limits, origins: WebOrigins(["https://a"]), loop: loop,
            logger: logger, openStreams: openStreams))
      }
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    } catch {
      preconditionFailure("no connection: \(error)")
    }
    var rest = bytes[...]
    while !rest.isEmpty, channel.isActive {
      do {
        try channel.writeInbound(ByteBuffer(bytes: rest.prefix(chunk)))
        while try channel.readOutbound(as: ByteBuffer.self) != nil {}
      } catch {
        preconditionFailure("an error left the connection: \(error)")
      }
      loop.run()
      rest = rest.dropFirst(chunk)
    }
    channel.close(promise: nil)
    loop.run()
    hold(
      service.running.load(ordering: .relaxed) == 0, "handlers end with their connection")
    hold(openStreams.count == 0, "calls end with their connection")
  }
}
