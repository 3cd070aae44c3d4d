// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Resets")
  struct ResetTests {
    private static func tight() -> ServerLimits {
      var limits = ServerLimits()
      limits.resetBurst = 100
      limits.resetsPerSecond = 0
      return limits
    }

    @Test("HEADERS and RST_STREAM a thousand times (CVE-2023-44487)", arguments: [false, true])
    func rapidReset(streaming: Bool) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        let method = streaming ? EchoService.deaf : EchoService.hang
        for index in 0..<1_000 as Range<UInt32> {
          let stream = index * 2 + 1
          await peer.send(RawFrame.call(stream, method) + RawFrame.reset(stream).bytes)
        }
        try await peer.expectGoAway(.enhanceYourCalm)
      }
    }

    @Test("HEADERS and RST_STREAM a thousand times in one write (CVE-2023-44487)")
    func rapidResetAtOnce() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          RawFrame.each(0..<1_000) { stream in
            RawFrame.call(stream, EchoService.hang) + RawFrame.reset(stream).bytes
          })
        try await peer.expectGoAway(.enhanceYourCalm)
      }
    }

    @Test("resets are allowed up to the budget", arguments: [99, 100, 101] as [UInt32])
    func budget(count: UInt32) async throws {
      try await Loopback.underAttack(Self.tight()) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          RawFrame.each(0..<count) { stream in
            RawFrame.headers(stream, RawFrame.request(EchoService.say)).bytes
              + RawFrame.reset(stream).bytes
          })
        if count > 100 {
          try await peer.expectGoAway(.enhanceYourCalm, "too many stream resets")
        } else {
          // Beyond the streams whose headers the peer decodes: a frame is enough.
          await peer.send(RawFrame.call(999, EchoService.say))
          try await peer.answered(999)
          #expect(peer.goAway == nil)
        }
      }
    }

    @Test("a budget larger than the usual one is kept to")
    func largerBudget() async throws {
      var limits = ServerLimits()
      limits.resetBurst = 1_000
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          RawFrame.each(0..<500) { stream in
            RawFrame.headers(stream, RawFrame.request(EchoService.say)).bytes
              + RawFrame.reset(stream).bytes
          })
        await peer.send(RawFrame.call(9_999, EchoService.say))
        try await peer.answered(9_999)
        #expect(peer.goAway == nil)
      }
    }

    /// Offences against one stream that make the server reset it.
    enum Provocation: String, CaseIterable, CustomTestStringConvertible {
      case windowOverflow, contentLengthExceeded, upperCaseName, missingPath

      var testDescription: String { rawValue }

      func frames(_ stream: UInt32) -> [UInt8] {
        let fields = RawFrame.request(EchoService.chat)
        switch self {
        case .windowOverflow:
          return RawFrame.headers(stream, fields).bytes
            + RawFrame.windowUpdate(stream, 0x7fff_ffff).bytes
        case .contentLengthExceeded:
          return RawFrame.headers(stream, fields + [("content-length", "1")]).bytes
            + RawFrame.data(stream, RawFrame.message("more")).bytes
        case .upperCaseName: return RawFrame.headers(stream, fields + [("X-Name", "v")]).bytes
        case .missingPath:
          return RawFrame.headers(stream, fields.filter { $0.name != ":path" }).bytes
        }
      }
    }

    @Test("a server made to reset counts that too (CVE-2025-8671)", arguments: Provocation.allCases)
    func madeYouReset(provocation: Provocation) async throws {
      try await Loopback.underAttack(Self.tight()) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(RawFrame.each(0..<100) { provocation.frames($0) })
        try await eventually("the server resets 100 streams") {
          peer.frames.count { $0.has(.reset) } == 100
        }
        #expect(peer.goAway == nil)
        await peer.send(provocation.frames(201))
        try await eventually("stream 201 is over") { peer.resetCode(201) != nil || peer.isClosed }
        // Resets that were sent count no later than with the next bytes received.
        await peer.send(.settingsAck)
        try await peer.expectGoAway(.enhanceYourCalm, "too many stream resets")
      }
    }

    @Test(
      "offences that RFC 9113 calls connection errors end the connection",
      arguments: [
        RawFrame.windowUpdate(1, 0), RawFrame.data(1, [], end: true), RawFrame.windowUpdate(0, 0),
        RawFrame.data(0, [1]), RawFrame.headers(0, []), RawFrame.reset(0), RawFrame.reset(7),
        RawFrame(.ping, [1]), RawFrame(.settings, [1]), RawFrame(.pushPromise, stream: 1),
        RawFrame.continuation(1, [], complete: true), RawFrame.windowUpdate(0, 0x7fff_ffff),
      ])
    func connectionErrors(frame: RawFrame) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(RawFrame.call(1, EchoService.hang))
        await peer.send(frame)
        try await peer.expectClose()
        #expect(peer.goAway != nil)
        #expect(peer.goAway?.code != .noError)
      }
    }

    /// The response is 100,000 bytes that nobody will ever read.
    @Test("what a call leaves that was reset in the burst it came in is freed")
    func nothingLeft() async throws {
      var limits = ServerLimits()
      limits.resetBurst = 1_000
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        let before = try Loopback.residentBytes()
        for index in 0..<900 as Range<UInt32> {
          let stream = index * 2 + 1
          await peer.send(
            RawFrame.call(stream, EchoService.flood, "10") + RawFrame.reset(stream).bytes)
        }
        await peer.send(RawFrame.call(9_999, EchoService.say))
        try await peer.answered(9_999)
        try await Loopback.expectBounded(since: before)
        #expect(!peer.isClosed)
      }
    }
  }
}
