// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

@testable import Services

@Suite("Throttles, addresses, time zones and keys")
struct SmallPartsTests {
  @Test("a throttle counts in windows", arguments: [(59, false), (60, true), (61, true)])
  func throttle(seconds: Int64, isOpen: Bool) {
    let throttle = CallThrottle(limit: 2, window: .seconds(60))
    let start = ServiceFixture.now
    #expect(throttle.enter("a", at: start) == nil)
    #expect(throttle.enter("a", at: start.advanced(by: .seconds(1))) == nil)
    #expect(throttle.enter("a", at: start.advanced(by: .seconds(1))) == .seconds(59))
    #expect(throttle.enter("b", at: start) == nil)
    let later = throttle.enter("a", at: start.advanced(by: .seconds(seconds)))
    #expect((later == nil) == isOpen)
  }

  @Test("a throttle remembers a bounded number of names", arguments: [9, 10, 11, 1_000])
  func bounded(names: Int) {
    let throttle = CallThrottle(limit: 1, window: .seconds(60), capacity: 10)
    for number in 0..<names {
      let now = ServiceFixture.now.advanced(by: .milliseconds(number))
      #expect(throttle.enter("\(number)", at: now) == nil)
      #expect(throttle.enter("\(number)", at: now) != nil)
      #expect(throttle.count <= 10)
    }
  }

  @Test(
    "peers lose their port",
    arguments: [
      ("127.0.0.1:50412", "127.0.0.1"), ("[::1]:50412", "::1"), ("::1", "::1"), ("unix", "unix"),
      ("192.0.2.1", "192.0.2.1"), ("in-process", "in-process"),
    ])
  func addresses(peer: String, address: String) {
    #expect(CallOrigin.address(of: peer) == address)
  }

  @Test("time zones are zones and links of the text; UTC is always known")
  func timeZones() {
    let names = TimeZoneNames(
      tzdata:
        "# version 2025b\nR A 1916 o - Jun 14 23s 1 S\nZ Africa/Algiers 0:12:12 - LMT\n0:9:21 - PMT\nL Africa/Algiers Africa/Tunis\n"
    )
    for name in ["Africa/Algiers", "Africa/Tunis", "UTC", "America/Sao_Paulo"] {
      #expect(names.contains(name))
    }
    for name in ["", "A", "africa/algiers", "0:9:21"] { #expect(!names.contains(name)) }
    #expect(names.count == 4)
  }

  @Test("keys are known by their shape, and none prints itself")
  func keys() throws {
    let key = try APIKeyText()
    #expect(APIKeyText(key.text)?.prefix == key.prefix)
    #expect("\(key)" == "(redacted)" && String(reflecting: key) == "(redacted)")
    for bad in [
      "", "tsk_", String(key.text.dropLast()), key.text + "x", "x" + key.text.dropFirst(),
    ] {
      #expect(APIKeyText(bad) == nil)
    }
  }
}
