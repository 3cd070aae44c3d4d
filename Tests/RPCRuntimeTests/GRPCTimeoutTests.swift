// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("grpc-timeout")
struct GRPCTimeoutTests {
  @Test(
    "every unit is understood",
    arguments: [
      ("1H", 3_600_000_000_000), ("2M", 120_000_000_000), ("3S", 3_000_000_000),
      ("4m", 4_000_000), ("5u", 5_000), ("6n", 6), ("0n", 0), ("99999999S", 99_999_999_000_000_000),
    ] as [(String, Int64)])
  func parses(text: String, nanoseconds: Int64) {
    #expect(GRPCTimeout.parse(text) == .nanoseconds(nanoseconds))
  }

  @Test("the absurd saturates")
  func saturates() {
    #expect(GRPCTimeout.parse("99999999H") == .nanoseconds(.max))
  }

  @Test(
    "anything else is malformed",
    arguments: [
      "", "S", "1", "123456789S", "-1S", "+1S", "1 S", "1s", "1.5S", "½S", "1SS", "0x1S",
    ])
  func malformed(text: String) {
    #expect(GRPCTimeout.parse(text) == nil)
  }

  @Test("what is written is read back, never shorter, at most 1 ‰ longer")
  func roundTrip() throws {
    var nanoseconds: Int64 = 1
    while nanoseconds < 1 << 60 {
      let text = GRPCTimeout.format(.nanoseconds(nanoseconds))
      let back = try #require(GRPCTimeout.parse(text)).nanoseconds
      #expect(back >= nanoseconds && back - nanoseconds <= nanoseconds / 1000 + 1, "\(text)")
      nanoseconds = nanoseconds * 3 + 1
    }
  }
}
