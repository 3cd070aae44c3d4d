// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Floods")
  struct FloodTests {
    private static func tight() -> ServerLimits {
      var limits = ServerLimits()
      limits.idleFrameBurst = 100
      limits.idleFramesPerSecond = 0
      limits.maxPingStrikes = .max
      return limits
    }

    /// Frames that bring nothing.
    enum Flood: String, CaseIterable, CustomTestStringConvertible {
      case settings, ping, pingAck, priority, windowUpdate
      case emptyData, tinyData, paddedData

      var testDescription: String { rawValue }

      var frame: RawFrame {
        switch self {
        case .settings: .settings([(4, 65_535)])
        case .ping: .ping()
        case .pingAck: .ping(ack: true)
        case .priority: .priority(101)
        case .windowUpdate: .windowUpdate(0, 1)
        case .emptyData: .data(1, [])
        case .tinyData: .data(1, [0])
        case .paddedData: .data(1, [], padding: 255)
        }
      }

      /// One byte a frame of a message that is announced to be long.
      var opening: [UInt8] {
        switch self {
        case .emptyData, .tinyData, .paddedData:
          RawFrame.headers(1, RawFrame.request(EchoService.say)).bytes
            + RawFrame.data(1, RawFrame.message("", announced: 100_000) + filler).bytes
        default: []
        }
      }

      /// So that the opening itself does not count as small.
      private var filler: [UInt8] { [UInt8](repeating: 0, count: 300) }

      /// The budget that is left at the flood's first frame: SETTINGS took one of 100, and a stream that is
      /// opened gives it back.
      var budget: Int { opening.isEmpty ? 99 : 100 }
    }

    @Test(
      "frames without effect are allowed up to the budget (CVE-2019-9512, 9515, 9518)",
      arguments: Flood.allCases, [-1, 0, 1])
    func flood(flood: Flood, over: Int) async throws {
      try await Loopback.underAttack(Self.tight()) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(flood.opening)
        await peer.send(RawFrame.repeated(flood.budget + over, flood.frame))
        if over > 0 {
          try await peer.expectGoAway(.enhanceYourCalm, "too many frames without effect")
        } else {
          try await peer.expectCall(3)
        }
      }
    }

    /// nghttp2 makes an idle stream of each, and keeps as many as streams may be open.
    @Test("PRIORITY and WINDOW_UPDATE for ever other streams cost nothing that grows")
    func otherStreams() async throws {
      var limits = ServerLimits()
      limits.idleFrameBurst = .max
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        for part in 0..<100 as Range<UInt32> {
          await peer.send(
            RawFrame.each(part * 1_000..<(part + 1) * 1_000) { stream in
              RawFrame.priority(stream + 1_000, on: stream).bytes
            })
        }
        try await peer.expectCall(1)
        await peer.send(RawFrame.repeated(50_000, .windowUpdate(1, 1)))
        try await peer.expectCall(3)
      }
    }

    @Test("a peer that floods and does not read is closed", arguments: [Flood.settings, .ping])
    func unread(flood: Flood) async throws {
      var limits = ServerLimits()
      limits.idleFrameBurst = .max
      limits.maxPingStrikes = .max
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.connect(to: loopback, reads: false)
        await peer.send(
          RawFrame.preface + RawFrame.settings().bytes + RawFrame.call(1, EchoService.hang))
        try await eventually("the call runs") {
          loopback.service.running.load(ordering: .relaxed) == 1
        }
        let frames = ByteBuffer(bytes: RawFrame.repeated(1_000, flood.frame))
        try await eventually("the connection ends, and the call with it") {
          peer.channel.writeAndFlush(frames, promise: nil)
          return loopback.service.cancelled.load(ordering: .relaxed) == 1
        }
        await peer.close()
      }
    }

    @Test("frames of unknown types are ignored (RFC 9113 §5.5)")
    func unknownFrames() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        let frame = RawFrame(kind: 0xfa, flags: 0xff, stream: 1, payload: [1, 2, 3])
        await peer.send(RawFrame.repeated(20_000, frame))
        try await peer.expectCall(1)
      }
    }

    @Test("DATA for a call that is over is ignored, and its credit returned (RFC 9113 §5.1)")
    func lateData() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          .headers(1, RawFrame.request(EchoService.say, [("content-type", "text/plain")])))
        try await peer.answered(1)
        // Three windows of a connection.
        await peer.send(.settingsAck)
        let frame = RawFrame.data(1, [UInt8](repeating: 0, count: 16_384)).bytes
        for _ in 0..<192 { await peer.send(frame) }
        try await peer.expectCall(3)
      }
    }

    @Test("streams that are refused use the budget up (CVE-2023-44487)")
    func refusedStreams() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          RawFrame.each(0..<100) { RawFrame.call($0, EchoService.hang) })
        // SETTINGS are not acknowledged: RFC 9113 §5.1.2 leaves no more than refusing each stream.
        for index in 100..<40_000 as Range<UInt32>
        where await !peer.send(RawFrame.call(index * 2 + 1, EchoService.hang)) {
          break
        }
        try await peer.expectClose()
      }
    }

    /// Before it has acknowledged SETTINGS, a peer need not know the limit; after, nghttp2 takes it for an
    /// offence of the connection, as RFC 9113 §5.4.2 allows.
    @Test(
      "streams beyond the limit are refused (RFC 9113 §5.1.2)",
      arguments: [false, true], [19, 20, 21])
    func streamLimit(acknowledges: Bool, count: UInt32) async throws {
      var limits = ServerLimits()
      limits.maxConcurrentStreams = 20
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        if acknowledges { await peer.send(.settingsAck) }
        await peer.send(RawFrame.each(0..<count) { RawFrame.call($0, EchoService.hang) })
        if acknowledges, count > 20 { return try await peer.expectGoAway(.protocolError) }
        await peer.send(.ping())
        try await eventually("the PING behind them is answered") {
          peer.frames.contains { $0.has(.ping) } || peer.isClosed
        }
        #expect(peer.resetCode(41) == (count > 20 ? .refusedStream : nil))
        #expect(loopback.service.running.load(ordering: .relaxed) == min(Int(count), 20))
        await peer.send(.reset(1))
        if !acknowledges { await peer.send(.settingsAck) }
        try await peer.expectCall(101)
        await peer.close()
      }
    }

    /// A caller that sends its readings one by one does nothing wrong.
    @Test("small messages of a client stream are no flood")
    func smallMessages() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback, settings: [(4, 1 << 20)])
        await peer.send(.settingsAck, .windowUpdate(0, 1 << 20))
        await peer.send(.headers(1, RawFrame.request(EchoService.join)))
        let frame = RawFrame.data(1, RawFrame.message("a reading"))
        try await peer.send(frame, times: 10_000)
        await peer.send(.data(1, [], end: true))
        try await peer.answered(1)
        #expect(peer.status(1) == "0")
      }
    }
  }

  @Suite("Keepalive")
  struct PingTests {
    @Test("PINGs for nothing are allowed up to three (gRPC A8)", arguments: [2, 3, 4])
    func strikes(count: Int) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        for _ in 0..<count { await peer.send(.ping()) }
        if count > 3 {
          try await peer.expectGoAway(.enhanceYourCalm, "too_many_pings")
        } else {
          try await eventually("every PING is answered") {
            peer.frames.count { $0.has(.ping) && $0.flags == RawFrame.ack } == count
          }
          try await peer.expectCall(1)
        }
      }
    }

    @Test("PINGs that keep to the interval are no offence", arguments: [true, false])
    func slowPings(hasCall: Bool) async throws {
      var limits = ServerLimits()
      if hasCall {
        limits.minPingInterval = .milliseconds(20)
      } else {
        limits.minPingIntervalWithoutCalls = .milliseconds(20)
      }
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        if hasCall { await peer.send(RawFrame.call(11, EchoService.hang)) }
        for _ in 0..<6 {
          let next = ContinuousClock.now + .milliseconds(25)
          await peer.send(.ping())
          try await eventually("the interval passes") { ContinuousClock.now > next }
        }
        try await peer.expectCall(13)
        await peer.close()
      }
    }

    @Test("without a call, the interval of those with calls is too short")
    func idlePings() async throws {
      var limits = ServerLimits()
      limits.minPingInterval = .nanoseconds(1)
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        for _ in 0..<4 { await peer.send(.ping()) }
        try await peer.expectGoAway(.enhanceYourCalm, "too_many_pings")
      }
    }

    @Test("PINGs between received data are no offence")
    func pingsWithData() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        for index in 0..<20 as Range<UInt32> {
          await peer.send(.ping())
          try await peer.expectCall(index * 2 + 1)
        }
      }
    }
  }
}
