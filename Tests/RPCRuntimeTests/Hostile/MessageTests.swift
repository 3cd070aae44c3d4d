// SPDX-License-Identifier: Apache-2.0

import Synchronization
import NIOCore
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Messages")
  struct MessageTests {
    /// Sends a request and expects its status; the connection stays usable.
    private static func expect(
      _ status: StatusCode, _ method: MethodDescriptor = EchoService.say,
      fields: RawFrame.Fields = [], body: [UInt8] = RawFrame.message("text"), end: Bool = true
    ) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(method, fields)), .data(1, body, end: end))
        try await peer.answered(1)
        #expect(peer.status(1) == "\(status.rawValue)")
        if !end {
          try await eventually("the peer is asked to stop") { peer.resetCode(1) == .noError }
        }
        try await peer.expectCall(3)
      }
    }

    @Test(
      "a length beyond the limit is refused before a byte of the message comes",
      arguments: [EchoService.say, EchoService.chat])
    func tooLong(method: MethodDescriptor) async throws {
      for length in [4_194_305, .max] as [UInt32] {
        try await Self.expect(
          .resourceExhausted, method, body: RawFrame.message("", announced: length), end: false)
      }
    }

    @Test(
      "a message that does not come to its end is INVALID_ARGUMENT",
      arguments: [EchoService.say, EchoService.join])
    func incomplete(method: MethodDescriptor) async throws {
      for body in [
        RawFrame.message("text", announced: 5), RawFrame.message("", announced: 4 << 20), [0],
        [0, 0, 0, 0],
      ] {
        try await Self.expect(.invalidArgument, method, body: body)
      }
    }

    @Test("flags that mean nothing here are INTERNAL", arguments: [1, 2, 255] as [UInt8])
    func flags(flag: UInt8) async throws {
      try await Self.expect(.internalError, body: RawFrame.message("text", flag: flag))
      try await Self.expect(
        .internalError, EchoService.chat, body: RawFrame.message("text", flag: flag), end: false)
    }

    @Test("an unknown grpc-encoding is UNIMPLEMENTED, with what is accepted")
    func encoding() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(EchoService.say, [("grpc-encoding", "snappy")])),
          .data(1, RawFrame.message("text", flag: 1), end: true))
        try await peer.answered(1)
        #expect(peer.status(1) == "12")
        #expect(peer.field("grpc-accept-encoding", 1)?.contains("identity") == true)
        try await peer.expectCall(3)
      }
    }

    @Test("what is not gRPC gets an HTTP status")
    func notGRPC() async throws {
      for (name, value, status) in [
        ("content-type", "text/plain", "415"), ("content-type", "application/grpcx", "415"),
        ("content-type", "application/grpc-webb", "415"), ("content-type", "", "415"),
        (":method", "GET", "405"), (":method", "PUT", "405"),
      ] {
        try await Loopback.underAttack { loopback in
          let peer = try await RawPeer.begin(with: loopback)
          await peer.send(
            .headers(1, RawFrame.request(EchoService.say, [(name, value)])),
            .data(1, RawFrame.message("text"), end: true))
          try await peer.answered(1)
          #expect(peer.field(":status", 1) == status, "\(name): \(value)")
          #expect(peer.status(1) == nil)
          #expect(peer.frames.contains { $0.stream == 1 && $0.has(.data) }, "says why")
          try await peer.expectCall(3)
        }
      }
    }

    @Test("the answer to HEAD has no content (RFC 9110 §9.3.2)")
    func head() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(EchoService.say, [(":method", "HEAD")]), end: true))
        try await peer.answered(1)
        #expect(peer.field(":status", 1) == "405")
        try await peer.expectCall(3)
        #expect(!peer.frames.contains { $0.stream == 1 && $0.has(.data) })
      }
    }

    @Test(
      "a malformed grpc-timeout is INVALID_ARGUMENT",
      arguments: ["", "1", "-1S", "999999999S", "S", "1s", "+1S", "1 S", "0x1S", "1SS"])
    func malformedTimeout(timeout: String) async throws {
      try await Self.expect(.invalidArgument, fields: [("grpc-timeout", timeout)])
    }

    @Test(
      "an absurd grpc-timeout is kept to",
      arguments: ["99999999H", "99999999M", "99999999S", "00000001H"])
    func longTimeout(timeout: String) async throws {
      try await Self.expect(.ok, fields: [("grpc-timeout", timeout)])
      try await Self.expect(
        .ok, EchoService.join, fields: [("grpc-timeout", timeout)])
    }

    @Test("a timeout that is over at once is DEADLINE_EXCEEDED", arguments: ["0n", "1n", "0H"])
    func noTime(timeout: String) async throws {
      try await Self.expect(
        .deadlineExceeded, EchoService.hang, fields: [("grpc-timeout", timeout)])
    }

    @Test("no message where one is due is INVALID_ARGUMENT")
    func noMessage() async throws {
      for method in [EchoService.say, EchoService.flood] {
        try await Self.expect(.invalidArgument, method, body: [])
      }
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.headers(1, RawFrame.request(EchoService.say), end: true))
        try await peer.answered(1)
        #expect(peer.status(1) == "3")
      }
    }

    @Test("two messages where one is due are UNIMPLEMENTED")
    func twoMessages() async throws {
      for method in [EchoService.say, EchoService.flood] {
        try await Self.expect(
          .unimplemented, method, body: RawFrame.message("one") + RawFrame.message("two"))
      }
    }

    @Test("a message may come byte by byte")
    func byteByByte() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.headers(1, RawFrame.request(EchoService.say)))
        for byte in RawFrame.message("text") { await peer.send(.data(1, [byte])) }
        await peer.send(.data(1, [], end: true))
        try await peer.answered(1)
        #expect(peer.status(1) == "0")
      }
    }

    /// 3 MiB on the wire, nearly all of it padding: three windows of a connection, fifty of a stream.
    @Test("padding is accepted and its credit returned (RFC 9113 §6.9.1)")
    func padding() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck, .headers(1, RawFrame.request(EchoService.join)))
        let frame = RawFrame.data(1, RawFrame.message("12345"), padding: 255)
        try await peer.send(frame, times: 12_000)
        await peer.send(.data(1, RawFrame.message("end"), end: true, padding: 0))
        try await peer.answered(1)
        #expect(peer.status(1) == "0")
        try await peer.expectCall(3)
      }
    }

    @Test("padding as long as the frame is a PROTOCOL_ERROR (RFC 9113 §6.1)")
    func allPadding() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(EchoService.say)),
          RawFrame(.data, flags: RawFrame.padded, stream: 1, [4, 0, 0, 0]))
        try await peer.expectGoAway(.protocolError)
      }
    }

    /// 52,000 of them fill the window of a stream.
    @Test("empty messages that a handler does not read cost their bytes")
    func unreadEmptyMessages() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        let before = try Loopback.residentBytes()
        let full = [UInt8](repeating: 0, count: 16_380)
        let streams = 55 as UInt32
        for index in 0..<streams {
          await peer.send(.headers(index * 2 + 1, RawFrame.request(EchoService.deaf)))
          await peer.send(RawFrame.repeated(4, .data(index * 2 + 1, full)))
        }
        try await eventually("the handlers run") {
          loopback.service.running.load(ordering: .relaxed) == Int(streams)
        }
        try await peer.expectCall(streams * 2 + 1)
        // While all of that waits: 55 windows of 64 KiB.
        try await Loopback.expectBounded(since: before)
        await peer.close()
      }
    }

    @Test("a wrong prefix behind messages that nobody reads ends the call at once")
    func wrongBehindUnread() async throws {
      for (wrong, status) in [
        (RawFrame.message("", announced: .max), "8"), ([7], "13"), ([1], "13"),
      ] {
        try await Loopback.underAttack { loopback in
          let peer = try await RawPeer.begin(with: loopback)
          await peer.send(
            .headers(1, RawFrame.request(EchoService.deaf)),
            .data(1, RawFrame.message("one") + RawFrame.message("two") + wrong))
          try await peer.answered(1)
          #expect(peer.status(1) == status)
          try await peer.expectCall(3)
        }
      }
    }

    @Test(
      "large requests beyond what a connection may hold wait for each other, and all are answered")
    func largeRequests() async throws {
      var limits = ServerLimits()
      limits.maxBufferedRequestBytes = 1 << 20
      limits.streamWindow = 16 * 1024
      try await Loopback.underAttack(limits) { loopback in
        let text = String(repeating: "l", count: 300_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<100 {
            group.addTask {
              let reply = try await loopback.say(text)
              #expect(String(buffer: reply.message) == text)
            }
          }
          try await group.waitForAll()
        }
      }
    }

    @Test("of requests that never end, one goes on beyond the limit, until it brings nothing more")
    func unfinished() async throws {
      var limits = ServerLimits()
      limits.maxBufferedRequestBytes = 1 << 20
      limits.streamWindow = 32 * 1024
      limits.writeStallTimeout = .seconds(3)
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        let streams = (0..<50).map { UInt32($0 * 2 + 1) }
        for stream in streams {
          await peer.send(
            .headers(stream, RawFrame.request(EchoService.say)),
            .data(stream, RawFrame.message("", announced: 2_000_000)))
        }
        // As much as was allowed, until no more is.
        var sent: [UInt32: Int] = [:]
        var total = 0
        repeat {
          total = sent.values.reduce(0, +)
          for stream in streams {
            let allowed = min(1_900_000, peer.window(stream, initially: 32 * 1024) - 5)
            var room = allowed - sent[stream, default: 0]
            while room > 0, peer.status(stream) == nil {
              let size = min(room, 16_000)
              await peer.send(.data(stream, [UInt8](repeating: 0, count: size)))
              sent[stream, default: 0] += size
              room -= size
            }
          }
          try await Task.sleep(for: .milliseconds(50))
        } while sent.values.reduce(0, +) > total
        #expect(total < 5 << 20)
        try await peer.expectCall(101)
        // The one that others wait for has nothing more to bring.
        try await eventually("a request that does not come is ended") {
          streams.contains { peer.status($0) == "8" }
        }
        try await peer.expectCall(103)
        await peer.close()
      }
    }
  }
}
