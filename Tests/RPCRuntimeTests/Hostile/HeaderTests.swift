// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Header blocks")
  struct HeaderTests {
    /// A block cut into HEADERS and CONTINUATION frames.
    private static func cut(_ stream: UInt32, continuations: Int) -> [UInt8] {
      let block = RawFrame.block(RawFrame.request(EchoService.say))
      let pieces = (0..<continuations).flatMap { index in
        RawFrame.continuation(
          stream, RawFrame.block([("x-\(index)", "v")]), complete: index == continuations - 1
        ).bytes
      }
      return RawFrame(.headers, stream: stream, block).bytes + pieces
    }

    @Test("CONTINUATION frames are allowed up to 8 (CVE-2024-27316)", arguments: [7, 8, 9])
    func continuations(count: Int) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          Self.cut(1, continuations: count)
            + RawFrame.data(1, RawFrame.message("text"), end: true).bytes)
        if count > 8 {
          try await peer.expectClose()
        } else {
          try await peer.answered(1)
          #expect(peer.status(1) == "0")
        }
      }
    }

    @Test(
      "CONTINUATION without end closes the connection (CVE-2024-27316)", arguments: [0, 1, 9_000])
    func endless(length: Int) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(RawFrame.headers(1, RawFrame.request(EchoService.say), complete: false))
        let value = String(repeating: "v", count: length)
        let frame = RawFrame.continuation(1, length == 0 ? [] : RawFrame.block([("x", value)]))
        for _ in 0..<1_000 where await !peer.send(frame) { break }
        try await peer.expectClose()
      }
    }

    /// One field of 4,000 bytes in the dynamic table, then one byte a reference to it.
    private static func bomb(_ stream: UInt32, references: Int) -> [UInt8] {
      let insertion =
        [0x40] + RawFrame.text("x-bomb") + RawFrame.text(String(repeating: "b", count: 3_962))
      return RawFrame(
        .headers, flags: RawFrame.endHeaders | RawFrame.endStream, stream: stream,
        RawFrame.block(RawFrame.request(EchoService.say)) + insertion
          + [UInt8](repeating: 0x80 | 62, count: references)
      ).bytes
    }

    @Test("an HPACK bomb is answered or closes the connection", arguments: [4, 60, 70, 8_000])
    func bomb(references: Int) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(Self.bomb(1, references: references))
        if references > 64 {
          try await peer.expectClose()
        } else {
          try await peer.answered(1)
          #expect(peer.status(1) == "8")
          try await peer.expectCall(3)
        }
      }
    }

    /// The fields of a request, with one that brings them to `size` bytes as RFC 9113 §6.5.2 counts.
    private static func fields(size: Int) -> RawFrame.Fields {
      let fields = RawFrame.request(EchoService.say)
      let usual = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
      return fields + [("x", String(repeating: "v", count: size - usual - 33))]
    }

    @Test("a header list may have 16 KiB", arguments: [16_383, 16_384, 16_385])
    func listSize(size: Int) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        let block = RawFrame.block(Self.fields(size: size))
        await peer.send(
          RawFrame(.headers, stream: 1, Array(block.prefix(10_000))),
          .continuation(1, Array(block.dropFirst(10_000)), complete: true),
          .data(1, RawFrame.message("text"), end: true))
        try await peer.answered(1)
        #expect(peer.status(1) == (size > 16_384 ? "8" : "0"))
        try await peer.expectCall(3)
      }
    }

    @Test("trailers that are too large end the call")
    func largeTrailers() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        let block = RawFrame.block([("x", String(repeating: "v", count: 17_000))])
        await peer.send(
          .headers(1, RawFrame.request(EchoService.chat)),
          RawFrame(.headers, flags: RawFrame.endStream, stream: 1, Array(block.prefix(10_000))),
          .continuation(1, Array(block.dropFirst(10_000)), complete: true))
        try await peer.answered(1)
        #expect(peer.status(1) == "8")
        try await peer.expectCall(3)
      }
    }

    @Test(
      "what HPACK does not allow is a COMPRESSION_ERROR (RFC 9113 §4.3)",
      arguments: [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x80], [0xbf], [0x00, 0x7f, 0xff]]
        as [[UInt8]])
    func badBlock(block: [UInt8]) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          RawFrame(.headers, flags: RawFrame.endHeaders | RawFrame.endStream, stream: 1, block))
        try await peer.expectGoAway(.compressionError)
      }
    }

    @Test("another frame inside a header block is a connection error (RFC 9113 §4.3)")
    func interrupted() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(EchoService.say), complete: false), .ping())
        try await peer.expectGoAway(.protocolError)
      }
    }

    /// What RFC 9113 §8 calls malformed.
    enum Malformation: String, CaseIterable, CustomTestStringConvertible {
      case noPath, noMethod, noScheme, emptyPath, twoPaths, unknownPseudo, pseudoLast,
        responsePseudo
      case upperCase, connectionField, teNotTrailers, pseudoInTrailers, trailersWithoutEnd

      var testDescription: String { rawValue }

      func frames(_ stream: UInt32) -> [UInt8] {
        let usual = RawFrame.request(EchoService.chat)
        func headers(_ fields: RawFrame.Fields) -> [UInt8] {
          RawFrame.headers(stream, fields, end: true).bytes
        }
        func trailers(_ fields: RawFrame.Fields, end: Bool) -> [UInt8] {
          RawFrame.headers(stream, usual).bytes
            + RawFrame.headers(stream, fields, end: end).bytes
        }
        func without(_ name: String) -> RawFrame.Fields { usual.filter { $0.name != name } }
        switch self {
        case .noPath: return headers(without(":path"))
        case .noMethod: return headers(without(":method"))
        case .noScheme: return headers(without(":scheme"))
        case .emptyPath: return headers([(":path", "")] + without(":path"))
        case .twoPaths: return headers([(":path", "/a")] + usual)
        case .unknownPseudo: return headers([(":unknown", "v")] + usual)
        case .pseudoLast: return headers(without(":path") + [(":path", "/a")])
        case .responsePseudo: return headers([(":status", "200")] + usual)
        case .upperCase: return headers(usual + [("X-Name", "v")])
        case .connectionField: return headers(usual + [("connection", "close")])
        case .teNotTrailers: return headers(without("te") + [("te", "gzip")])
        case .pseudoInTrailers: return trailers([(":path", "/a")], end: true)
        case .trailersWithoutEnd: return trailers([("x", "v")], end: false)
        }
      }
    }

    @Test(
      "a malformed request is a stream error (RFC 9113 §8.1.1)", arguments: Malformation.allCases)
    func malformed(malformation: Malformation) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(malformation.frames(1))
        try await eventually("stream 1 is reset") { peer.resetCode(1) != nil || peer.isClosed }
        #expect(peer.resetCode(1) == .protocolError)
        try await peer.expectCall(3)
      }
    }

    @Test("trailers that are too large do no harm to a request that was refused")
    func largeTrailersOfRefused() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        let block = RawFrame.block([("x", String(repeating: "v", count: 17_000))])
        for (stream, fields) in [(1, (":method", "GET")), (3, ("grpc-timeout", "never"))]
          as [(UInt32, (String, String))]
        {
          await peer.send(
            .headers(stream, RawFrame.request(EchoService.chat, [fields])),
            RawFrame(
              .headers, flags: RawFrame.endStream, stream: stream, Array(block.prefix(10_000))),
            .continuation(stream, Array(block.dropFirst(10_000)), complete: true))
          try await peer.answered(stream)
        }
        try await peer.expectCall(5)
      }
    }

    @Test("a request refused by its headers is answered once, trailers or not")
    func refusedWithTrailers() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(EchoService.say, [(":method", "GET")])),
          .headers(1, [("x", "v")], end: true))
        try await peer.answered(1)
        try await peer.expectCall(3)
        #expect(peer.frames.count { $0.stream == 1 && $0.has(.headers) } == 1)
        #expect(peer.field(":status", 1) == "405")
      }
    }
  }
}
