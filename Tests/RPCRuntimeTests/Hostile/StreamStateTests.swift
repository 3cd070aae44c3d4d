// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Streams")
  struct StreamStateTests {
    private static func few() -> ServerLimits {
      var limits = ServerLimits()
      limits.maxConcurrentStreams = 10
      return limits
    }

    private static func hangingCalls(_ count: UInt32) -> [UInt8] {
      RawFrame.each(0..<count) { RawFrame.call($0, EchoService.hang) }
    }

    @Test(
      "a stream beyond the limit is refused, the next one after a reset served (RFC 9113 §5.1.2)")
    func refused() async throws {
      try await Loopback.underAttack(Self.few()) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(Self.hangingCalls(10))
        await peer.send(RawFrame.call(21, EchoService.say))
        try await eventually("stream 21 is refused") { peer.resetCode(21) == .refusedStream }
        #expect(loopback.service.running.load(ordering: .relaxed) == 10)
        await peer.send(.reset(5))
        try await eventually("a handler ends") {
          loopback.service.running.load(ordering: .relaxed) == 9
        }
        try await peer.expectCall(23)
        await peer.close()
      }
    }

    /// nghttp2 makes it a connection error then, as RFC 9113 §5.4.2 permits.
    @Test("a peer that has acknowledged the limit and breaks it is closed (RFC 9113 §5.1.2)")
    func limitBroken() async throws {
      try await Loopback.underAttack(Self.few()) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        await peer.send(Self.hangingCalls(10) + RawFrame.call(21, EchoService.say))
        try await peer.expectGoAway(.protocolError)
      }
    }

    @Test("limits in use are kept to exactly", arguments: [9, 10] as [UInt32])
    func withinLimit(count: UInt32) async throws {
      try await Loopback.underAttack(Self.few()) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        await peer.send(Self.hangingCalls(count))
        try await eventually("all run") {
          loopback.service.running.load(ordering: .relaxed) == Int(count)
        }
        #expect(peer.frames.allSatisfy { !$0.has(.reset) })
        await peer.close()
      }
    }

    @Test("identifiers that no client may use are connection errors (RFC 9113 §5.1.1)")
    func identifiers() async throws {
      for (stream, code) in [(2, .protocolError), (0, .protocolError)]
        as [(UInt32, HTTP2ErrorCode)]
      {
        try await Loopback.underAttack { loopback in
          let peer = try await RawPeer.begin(with: loopback)
          await peer.send(RawFrame.call(stream, EchoService.say))
          try await peer.expectGoAway(code)
        }
      }
    }

    @Test(
      "identifiers that go backwards are connection errors (RFC 9113 §5.1.1)",
      arguments: [(1, .protocolError), (5, .streamClosed)] as [(UInt32, HTTP2ErrorCode)])
    func backwards(stream: UInt32, code: HTTP2ErrorCode) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        try await peer.expectCall(5)
        await peer.send(RawFrame.call(stream, EchoService.hang))
        try await peer.expectGoAway(code)
        #expect(loopback.service.running.load(ordering: .relaxed) == 0)
      }
    }

    /// How a request may have ended by the peer's own doing.
    enum Ending: CaseIterable {
      case endStream, reset
    }

    @Test(
      "DATA and HEADERS on a stream that the peer has ended are connection errors (RFC 9113 §5.1)",
      arguments: Ending.allCases, [true, false])
    func closed(ending: Ending, isData: Bool) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        switch ending {
        case .endStream: try await peer.expectCall(1)
        case .reset:
          await peer.send(.headers(1, RawFrame.request(EchoService.say)), .reset(1))
          try await peer.expectCall(3)
        }
        await peer.send(isData ? .data(1, [0]) : .headers(1, [("x", "v")], end: true))
        try await peer.expectGoAway(.streamClosed)
      }
    }

    @Test("frames for streams that the server has cut short are late, not wrong (RFC 9113 §5.1)")
    func cutShort() async throws {
      var limits = ServerLimits()
      limits.resetBurst = .max
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        // More than the server remembers one by one.
        let many = UInt32(300)
        await peer.send(
          RawFrame.each(0..<many) { stream in
            RawFrame.headers(stream, RawFrame.request(EchoService.chat)).bytes
              + RawFrame.windowUpdate(stream, 0x7fff_ffff).bytes
          })
        try await eventually("the server resets them") {
          peer.frames.count { $0.has(.reset) } == many
        }
        await peer.send(
          RawFrame.each(0..<many) { stream in
            RawFrame.data(stream, [0]).bytes
              + RawFrame.headers(stream, [("x", "v")], end: true).bytes
          })
        await peer.send(RawFrame.call(many * 2 + 1, EchoService.say))
        try await peer.answered(many * 2 + 1)
        #expect(peer.goAway == nil)
      }
    }

    @Test("frames for streams that were refused are late, not wrong (RFC 9113 §8.7)")
    func refusedLate() async throws {
      try await Loopback.underAttack(Self.few()) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(Self.hangingCalls(10))
        await peer.send(.headers(21, RawFrame.request(EchoService.chat)))
        try await eventually("stream 21 is refused") { peer.resetCode(21) == .refusedStream }
        await peer.send(.data(21, RawFrame.message("text")), .data(21, [], end: true))
        await peer.send(.reset(1))
        try await eventually("a handler ends") {
          loopback.service.running.load(ordering: .relaxed) == 9
        }
        try await peer.expectCall(23)
        await peer.close()
      }
    }

    @Test(
      "DATA, RST_STREAM and WINDOW_UPDATE on an idle stream are connection errors (RFC 9113 §5.1)")
    func idle() async throws {
      for frame in [RawFrame.data(1, [0]), .reset(1), .windowUpdate(1, 1)] {
        try await Loopback.underAttack { loopback in
          let peer = try await RawPeer.begin(with: loopback)
          await peer.send(frame)
          try await peer.expectGoAway(.protocolError)
        }
      }
    }

    @Test("frames longer than announced are FRAME_SIZE_ERRORs (RFC 9113 §4.2)")
    func frameSize() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(EchoService.say)),
          .data(1, [UInt8](repeating: 0, count: 16_385)))
        try await peer.expectGoAway(.frameSizeError)
      }
    }

    @Test("more DATA than the window is a FLOW_CONTROL_ERROR (RFC 9113 §6.9.1)")
    func windowExceeded() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.settingsAck)
        await peer.send(.headers(1, RawFrame.request(EchoService.deaf)))
        let frame = RawFrame.data(1, RawFrame.message(String(repeating: "m", count: 16_379))).bytes
        for _ in 0..<17 { await peer.send(frame) }
        try await eventually("the server objects") {
          peer.resetCode(1) == .flowControlError || peer.goAway?.code == .flowControlError
        }
        await peer.close()
      }
    }

    @Test("settings out of range are connection errors (RFC 9113 §6.5.2)")
    func settings() async throws {
      for (id, value, code) in [
        (4, 0x8000_0000, .flowControlError), (5, 16_383, .protocolError),
        (5, 0x100_0000, .protocolError), (2, 2, .protocolError),
      ] as [(UInt8, UInt32, HTTP2ErrorCode)] {
        try await Loopback.underAttack { loopback in
          let peer = try await RawPeer.begin(with: loopback)
          await peer.send(.settings([(id, value)]))
          try await peer.expectGoAway(code)
        }
      }
    }

    @Test("extreme settings that are allowed do no harm (RFC 9113 §6.5.2)")
    func extremeSettings() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(
          with: loopback,
          settings: [(1, .max), (3, 0), (4, 0x7fff_ffff), (5, 0xff_ffff), (6, 0), (0xee, 1)])
        try await peer.expectCall(1)
        await peer.send(.settings([(4, 0)]))
        await peer.send(RawFrame.call(3, EchoService.say, "waits"))
        await peer.send(.settings([(4, 1)]))
        await peer.send(.settings([(4, 1_000)]))
        try await peer.answered(3)
      }
    }
  }
}
