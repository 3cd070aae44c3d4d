// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Slow readers")
  struct SlowReaderTests {
    private static func impatient() -> ServerLimits {
      var limits = ServerLimits()
      limits.writeStallTimeout = .seconds(1)
      return limits
    }

    private static let largeWindows: [(id: UInt8, value: UInt32)] = [(4, 0x7fff_ffff)]

    /// More than a connection may have pending, or less: then its channel never stops being writable.
    @Test(
      "opening windows and not reading closes the connection (CVE-2019-9511)",
      arguments: [1 << 20, 64 << 20])
    func neverReads(maxPending: Int) async throws {
      var limits = Self.impatient()
      limits.maxPendingBytesPerConnection = maxPending
      let messages = 1_000
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.connect(to: loopback, reads: false)
        await peer.send(
          RawFrame.preface + RawFrame.settings(Self.largeWindows).bytes
            + RawFrame.windowUpdate(0, 0x7fff_0000).bytes
            + RawFrame.call(1, EchoService.hang)
            + RawFrame.call(3, EchoService.flood, "\(messages)"))
        try await eventually("the connection is closed and its calls end") {
          loopback.service.cancelled.load(ordering: .relaxed) == 1
        }
        #expect(loopback.service.written.load(ordering: .relaxed) <= messages)
        await peer.close()
      }
    }

    @Test("a hundred streams whose windows stay closed suspend their handlers")
    func closedWindows() async throws {
      try await Loopback.underAttack(Self.impatient()) { loopback in
        let peer = try await RawPeer.begin(with: loopback, settings: [(4, 0)])
        await peer.send(
          RawFrame.each(0..<100) { RawFrame.call($0, EchoService.flood, "1000") })
        try await eventually("every handler has written what may be pending") {
          loopback.service.written.load(ordering: .relaxed) >= 600
        }
        #expect(try await loopback.echo("meanwhile") == "meanwhile")
        let written = loopback.service.written.load(ordering: .relaxed)
        #expect(written <= 800)
        #expect(peer.frames.allSatisfy { !$0.has(.data) })
        await peer.close()
      }
    }

    @Test(
      "a deadline ends a stream whose window is closed, on time",
      arguments: [EchoService.flood, EchoService.idle, EchoService.chat], [0, 5_000] as [UInt32])
    func deadline(method: MethodDescriptor, window: UInt32) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback, settings: [(4, window)])
        let large = method == EchoService.chat ? String(repeating: "m", count: 10_000) : "1000"
        await peer.send(
          .headers(1, RawFrame.request(method, [("grpc-timeout", "700m")])),
          .data(1, RawFrame.message(large), end: method != EchoService.chat))
        try await peer.answered(1)
        #expect(peer.status(1) == "4")
        #expect(peer.frames.filter { $0.has(.data) }.map(\.payload.count).reduce(0, +) <= window)
        if method == EchoService.chat {
          try await eventually("the peer is asked to stop") { peer.resetCode(1) == .noError }
        }
        // Nothing of it is left to be sent.
        await peer.send(.windowUpdate(1, 100_000), .settings([(4, 65_535)]))
        try await peer.expectCall(3)
      }
    }

    @Test("a peer that reads little by little is not closed")
    func slowButReads() async throws {
      var limits = Self.impatient()
      limits.writeStallTimeout = .milliseconds(400)
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.connect(to: loopback, reads: false)
        await peer.send(
          RawFrame.preface + RawFrame.settings(Self.largeWindows).bytes
            + RawFrame.windowUpdate(0, 0x7fff_0000).bytes
            + RawFrame.call(1, EchoService.flood, "1500"))
        let end = ContinuousClock.now + .seconds(2)
        try await eventually("the response is read, or two seconds pass") {
          peer.channel.read()
          return ContinuousClock.now > end
        }
        #expect(peer.channel.isActive)
        try await eventually("the rest is read") {
          for _ in 0..<20 { peer.channel.read() }
          return peer.status(1) != nil
        }
        #expect(peer.status(1) == "0")
        await peer.close()
      }
    }
  }

  @Suite("Disconnects")
  struct DisconnectTests {
    /// How a connection may end in the middle of its calls.
    enum Ending: String, CaseIterable, CustomTestStringConvertible {
      case goAwayAndClose, halfClose, abort

      var testDescription: String { rawValue }
    }

    @Test("calls end with their connection, however it ends", arguments: Ending.allCases)
    func ends(ending: Ending) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(
          RawFrame.call(1, EchoService.hang) + RawFrame.call(3, EchoService.idle)
            + RawFrame.call(5, EchoService.deaf, end: false)
            + RawFrame.headers(7, RawFrame.request(EchoService.say)).bytes
            + RawFrame.data(7, RawFrame.message("", announced: 1_000)).bytes
            + RawFrame.call(9, EchoService.chat, "text", end: false))
        try await eventually("the calls run") {
          loopback.service.running.load(ordering: .relaxed) == 3
        }
        switch ending {
        case .goAwayAndClose:
          await peer.send(.goAway())
          await peer.close()
        case .halfClose: peer.channel.close(mode: .output, promise: nil)
        case .abort:
          // SO_LINGER 0: the system sends RST.
          try await peer.abort()
        }
        try await eventually("the calls end") {
          loopback.service.cancelled.load(ordering: .relaxed) == 3
        }
        if ending == .halfClose { try await peer.expectClose() }
      }
    }

    @Test("GOAWAY from a client lets its calls finish, then the connection closes (RFC 9113 §6.8)")
    func goAway() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        await peer.send(.headers(1, RawFrame.request(EchoService.say)))
        await peer.send(.goAway())
        await peer.send(.data(1, RawFrame.message("text"), end: true))
        try await peer.expectClose()
        #expect(peer.status(1) == "0")
      }
    }
  }
}
