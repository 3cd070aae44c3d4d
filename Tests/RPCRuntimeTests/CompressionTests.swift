// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Compressed calls", .timeLimit(.minutes(5)))
struct CompressionTests {
  private static let gzip: RawFrame.Fields = [("grpc-encoding", "gzip")]

  private static func message(_ bytes: [UInt8], flag: UInt8 = 1) -> [UInt8] {
    [flag] + RawFrame.word(UInt32(bytes.count)) + bytes
  }

  private static func body(_ peer: RawPeer, _ stream: UInt32) -> [UInt8] {
    peer.frames.filter { $0.has(.data) && $0.stream == stream }.flatMap(\.payload)
  }

  /// The messages of a response: flag and bytes.
  private static func messages(_ peer: RawPeer, _ stream: UInt32) -> [(UInt8, [UInt8])] {
    var rest = body(peer, stream)[...]
    var messages: [(UInt8, [UInt8])] = []
    while rest.count >= 5, let flag = rest.first {
      let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
      messages.append((flag, Array(rest.dropFirst(5).prefix(length))))
      rest = rest.dropFirst(5 + length)
    }
    return messages
  }

  @Test("gRPC's own client compresses, and reads what is compressed")
  func grpcio() async throws {
    var limits = ServerLimits()
    limits.compressesResponses = true
    try await Loopback.run(limits) { loopback in
      let said = try await Tool.python(
        """
        import sys, grpc
        channel = grpc.insecure_channel(sys.argv[1], compression=grpc.Compression.Gzip)
        text = b"reading " * 20_000
        assert channel.unary_unary("/echo.Echo/Say")(text, timeout=60) == text
        assert channel.unary_unary("/echo.Echo/Say")(b"", timeout=60) == b""
        assert channel.stream_unary("/echo.Echo/Join")(iter([text, b"", text]), timeout=60) == text * 2
        assert list(channel.stream_stream("/echo.Echo/Chat")(iter([text] * 5), timeout=60)) == [text] * 5
        squeezed = list(channel.unary_stream("/echo.Echo/Squeeze")(b"", timeout=60))
        assert squeezed == [b"a" * 10_000, b"a" * 10_000, b"small"], squeezed
        plain = grpc.insecure_channel(sys.argv[1])
        assert plain.unary_unary("/echo.Echo/Say")(text, timeout=60) == text
        print("done")
        """, ["127.0.0.1:\(loopback.port)"])
      #expect(said == "done\n")
    }
  }

  @Test("a compressed request is read, message by message, compressed or not")
  func mixedRequest() async throws {
    let compressed = try await Tool.gzip(Array("second,".utf8))
    try await Loopback.run { loopback in
      let peer = try await RawPeer.begin(with: loopback)
      await peer.send(
        .headers(1, RawFrame.request(EchoService.join, Self.gzip)),
        .data(
          1, RawFrame.message("first,") + Self.message(compressed) + RawFrame.message("third"),
          end: true))
      try await peer.answered(1)
      #expect(peer.status(1) == "0")
      #expect(Self.body(peer, 1) == RawFrame.message("first,second,third"))
    }
  }

  @Test("responses are compressed for those who accept it, and each message says whether it is")
  func responses() async throws {
    try await Loopback.run { loopback in
      let peer = try await RawPeer.begin(with: loopback)
      let accepting = [("grpc-accept-encoding", "identity, deflate, gzip")]
      await peer.send(
        RawFrame.headers(1, RawFrame.request(EchoService.squeeze, accepting)).bytes
          + RawFrame.data(1, RawFrame.message(""), end: true).bytes
          + RawFrame.call(3, EchoService.squeeze))
      try await peer.answered(1)
      try await peer.answered(3)
      #expect(peer.field("grpc-encoding", 1) == "gzip")
      #expect(peer.field("grpc-accept-encoding", 1) == "identity,gzip")
      let messages = Self.messages(peer, 1)
      try #require(messages.map(\.0) == [1, 0, 0])
      #expect(messages[0].1.count < 200)
      #expect(
        try await Tool.gunzip(messages[0].1) == [UInt8](repeating: 0x61, count: 10_000))
      #expect(messages[1].1.count == 10_000)
      #expect(String(decoding: messages[2].1, as: UTF8.self) == "small")
      // The other caller accepts nothing.
      #expect(peer.field("grpc-encoding", 3) == nil)
      #expect(Self.messages(peer, 3).map(\.0) == [0, 0, 0])
    }
  }

  @Test("unary responses are compressed when the server is told to, from 1,024 bytes on")
  func unary() async throws {
    var limits = ServerLimits()
    limits.compressesResponses = true
    try await Loopback.run(limits) { loopback in
      let peer = try await RawPeer.begin(with: loopback)
      for (stream, size, flag) in [(1, 1_023, 0), (3, 1_024, 1)] as [(UInt32, Int, UInt8)] {
        let text = String(repeating: "t", count: size)
        await peer.send(
          .headers(
            stream, RawFrame.request(EchoService.say, [("grpc-accept-encoding", "gzip")])),
          .data(stream, RawFrame.message(text), end: true))
        try await peer.answered(stream)
        #expect(peer.status(stream) == "0")
        #expect(Self.messages(peer, stream).map(\.0) == [flag])
      }
    }
  }

  @Test(
    "what is not gzip, or more than that, is INTERNAL, whether one message is due or many",
    arguments: [EchoService.say, EchoService.join])
  func broken(method: MethodDescriptor) async throws {
    let good = try await Tool.gzip(Array("good".utf8))
    for wrong in [[], Array("no gzip".utf8), Array(good.dropLast()), good + [0]] {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(method, Self.gzip)),
          .data(1, Self.message(wrong), end: true))
        try await peer.answered(1)
        #expect(peer.status(1) == "13")
        try await peer.expectCall(3)
      }
    }
  }

  @Test("the compressed flag under identity is INTERNAL")
  func identity() async throws {
    try await Loopback.run { loopback in
      let peer = try await RawPeer.begin(with: loopback)
      await peer.send(
        .headers(1, RawFrame.request(EchoService.say, [("grpc-encoding", "identity")])),
        .data(1, Self.message([1]), end: true))
      try await peer.answered(1)
      #expect(peer.status(1) == "13")
      try await peer.expectCall(3)
    }
  }
}

extension HostilePeers {
  @Suite("Decompression bombs")
  struct BombTests {
    private static func compressed(_ stream: UInt32, _ method: MethodDescriptor, _ body: [UInt8])
      -> [UInt8]
    {
      RawFrame.headers(stream, RawFrame.request(method, [("grpc-encoding", "gzip")])).bytes
        + stride(from: 0, to: body.count, by: 16_384).flatMap { start in
          RawFrame.data(stream, Array(body[start..<min(body.count, start + 16_384)])).bytes
        }
        + RawFrame.data(stream, [], end: true).bytes
    }

    private static func message(zeros: Int) async throws -> [UInt8] {
      let bytes = try await Tool.gzip([UInt8](repeating: 0, count: zeros))
      return [1] + RawFrame.word(UInt32(bytes.count)) + bytes
    }

    @Test("fifty messages of 64 MiB are refused without being inflated")
    func tooLarge() async throws {
      let bomb = try await Self.message(zeros: 64 << 20)
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        for index in 0..<50 as Range<UInt32> {
          let method = index % 2 == 0 ? EchoService.say : EchoService.join
          await peer.send(Self.compressed(index * 2 + 1, method, bomb))
        }
        for index in 0..<50 as Range<UInt32> {
          try await peer.answered(index * 2 + 1)
          #expect(peer.status(index * 2 + 1) == "8")
        }
        try await peer.expectCall(101)
      }
    }

    @Test("what a connection's handlers hold inflated is bounded")
    func held() async throws {
      // Each is allowed by itself.
      let bomb = try await Self.message(zeros: 4 << 20)
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        let before = try Loopback.residentBytes()
        for index in 0..<50 as Range<UInt32> {
          await peer.send(Self.compressed(index * 2 + 1, EchoService.hang, bomb))
        }
        try await peer.answered(99)
        #expect(peer.status(99) == "8")
        #expect(loopback.service.running.load(ordering: .relaxed) == 2)
        try await Loopback.expectBounded(since: before)
        // Their end makes room for others.
        await peer.send(.reset(1), .reset(3))
        try await eventually("the handlers end") {
          loopback.service.running.load(ordering: .relaxed) == 0
        }
        await peer.send(Self.compressed(101, EchoService.say, try await Self.message(zeros: 100)))
        try await peer.answered(101)
        #expect(peer.status(101) == "0")
      }
    }

    @Test("messages that inflate much are served one after the other")
    func oneByOne() async throws {
      let large = try await Self.message(zeros: 2 << 20)
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        await peer.send(
          Self.compressed(
            1, EchoService.slow, Array([[UInt8]](repeating: large, count: 20).joined())))
        loopback.service.permits.store(100, ordering: .relaxed)
        try await peer.answered(1)
        #expect(peer.status(1) == "0")
      }
    }
  }
}
