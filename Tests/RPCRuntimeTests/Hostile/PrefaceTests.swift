// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Beginnings")
  struct PrefaceTests {
    private static func impatient() -> ServerLimits {
      var limits = ServerLimits()
      limits.prefaceTimeout = .seconds(1)
      return limits
    }

    @Test(
      "a preface that does not come to its end closes the connection",
      arguments: [0, 1, RawFrame.preface.count - 1, RawFrame.preface.count])
    func slowPreface(length: Int) async throws {
      try await Loopback.underAttack(Self.impatient()) { loopback in
        let peer = try await RawPeer.connect(to: loopback)
        await peer.send(Array(RawFrame.preface.prefix(length)))
        try await peer.expectGoAway(.settingsTimeout)
      }
    }

    @Test("a preface in time outlives the timeout")
    func preface() async throws {
      var limits = ServerLimits()
      limits.prefaceTimeout = .milliseconds(300)
      try await Loopback.underAttack(limits) { loopback in
        let peer = try await RawPeer.begin(with: loopback)
        let end = ContinuousClock.now + .milliseconds(500)
        try await eventually("time passes") { ContinuousClock.now > end }
        try await peer.expectCall(1)
      }
    }

    @Test(
      "what is neither HTTP/2 nor HTTP/1.1 is answered by closing (RFC 9113 §3.4)",
      arguments: [
        "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{0}\u{1}\u{0}\u{1}\u{0}",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno SETTINGS here",
      ])
    func notHTTP2(text: String) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await RawPeer.connect(to: loopback)
        await peer.send(Array(text.utf8))
        try await peer.expectClose()
      }
    }
  }
}
