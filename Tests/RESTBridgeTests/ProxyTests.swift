// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import RPCRuntime
import Testing

@testable import RESTBridge

@Suite("Where requests come from", .timeLimit(.minutes(5)))
struct ProxyTests {
  @Test(
    "addresses are read and written as RFC 5952 wants",
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
      ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
      ("1:0:0:2:0:0:3:4", "1::2:0:0:3:4"), ("::ffff:192.0.2.1", "192.0.2.1"),
      ("::FFFF:c000:201", "192.0.2.1"), ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"),
      ("fe80::1%eth0", "fe80::1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ])
  func addresses(text: String, canonical: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == canonical)
    #expect(IPAddress(canonical) == address)
  }

  @Test(
    "what is no address is none",
    arguments: [
      "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.", "1.2.3.+4", " 1.2.3.4",
      "a.b.c.d",
      ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::",
      "g::",
      "1.2.3.4::", "::1.2.3", "[::1]", "localhost", "unknown",
    ])
  func noAddresses(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test(
    "a range is the addresses with the same first bits",
    arguments: [
      ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
      ("192.168.1.64/26", "192.168.1.127", true), ("192.168.1.64/26", "192.168.1.128", false),
      ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
      ("192.0.2.1/32", "192.0.2.2", false), ("0.0.0.0/0", "203.0.113.9", true),
      ("0.0.0.0/0", "::1", false), ("::/0", "10.0.0.1", false), ("fd00::/8", "fdff::1", true),
      ("fd00::/8", "fe00::1", false), ("2001:db8::/33", "2001:db8:7fff::", true),
      ("2001:db8::/33", "2001:db8:8000::", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
    ])
  func ranges(range: String, address: String, isWithin: Bool) throws {
    #expect(
      try #require(NetworkRange(range)).contains(try #require(IPAddress(address))) == isWithin)
  }

  @Test(
    "what is no range is none",
    arguments: [
      "", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8", "x/8",
      "1.2.3.4/8/8",
    ])
  func noRanges(text: String) {
    #expect(NetworkRange(text) == nil)
  }

  /// Proxies 10.0.0.0/8 and fd00::/8.
  @Test(
    "of what proxies say, only what trusted ones saw is believed",
    arguments: [
      // Without a trusted proxy the peer is the client, whatever it says.
      ("203.0.113.1", ["1.1.1.1"], ["https"], "203.0.113.1", false),
      ("203.0.113.1", ["10.0.0.1"], ["https"], "203.0.113.1", false),
      // Behind one.
      ("10.0.0.1", ["203.0.113.1"], ["https"], "203.0.113.1", true),
      ("10.0.0.1", ["203.0.113.1"], ["http"], "203.0.113.1", false),
      ("10.0.0.1", ["203.0.113.1"], [], "203.0.113.1", false),
      ("10.0.0.1", [], ["HTTPS"], "10.0.0.1", true),
      // The left part is the client's own invention.
      ("10.0.0.1", ["1.1.1.1, 203.0.113.1"], ["http, https"], "203.0.113.1", true),
      ("10.0.0.1", ["1.1.1.1", "203.0.113.1"], ["https", "http"], "203.0.113.1", false),
      ("10.0.0.1", ["10.0.0.9, 203.0.113.1"], [], "203.0.113.1", false),
      // Behind several.
      ("10.0.0.1", ["1.1.1.1, 203.0.113.1, 10.0.0.7,10.0.0.8"], [], "203.0.113.1", false),
      ("fd00::1", ["2001:db8::1, fd00::2"], ["https"], "2001:db8::1", true),
      ("::ffff:10.0.0.1", ["203.0.113.1"], [], "203.0.113.1", false),
      // Nobody but proxies.
      ("10.0.0.1", ["10.0.0.5, 10.0.0.6"], [], "10.0.0.5", false),
      // Forms with ports, and what cannot be read.
      ("10.0.0.1", ["203.0.113.1:4711"], [], "203.0.113.1", false),
      ("10.0.0.1", ["[2001:db8::1]:4711"], [], "2001:db8::1", false),
      ("10.0.0.1", ["[2001:db8::1]"], [], "2001:db8::1", false),
      ("10.0.0.1", ["203.0.113.1, unknown"], [], "10.0.0.1", false),
      ("10.0.0.1", ["203.0.113.1, unknown, 10.0.0.3"], [], "10.0.0.3", false),
      ("10.0.0.1", ["", " , "], [], "10.0.0.1", false),
    ] as [(String, [String], [String], String, Bool)])
  func matrix(
    peer: String, forwardedFor: [String], proto: [String], client: String, isSecure: Bool
  ) throws {
    let proxies = TrustedProxies([
      try #require(NetworkRange("10.0.0.0/8")), try #require(NetworkRange("fd00::/8")),
    ])
    var headers = HTTPFields()
    for value in forwardedFor {
      headers.append(HTTPField(name: try #require(.init("X-Forwarded-For")), value: value))
    }
    for value in proto {
      headers.append(HTTPField(name: try #require(.init("x-forwarded-proto")), value: value))
    }
    let caller = Caller(headers, peer: peer, proxies: proxies)
    #expect(caller.address == client && caller.isSecure == isSecure)
  }

  @Test(
    "calls know the client's address and scheme, not what the client made up",
    arguments: [true, false])
  func calls(isTrusted: Bool) async throws {
    var configuration = RESTBridgeConfiguration()
    if isTrusted { configuration.trustedProxies = [try #require(NetworkRange("127.0.0.1"))] }
    try await BridgeFixture.run(configuration: configuration) { bridge in
      let answer = try await bridge.send(
        "GET", "/auth/me/",
        headers: ["X-Forwarded-For: 10.1.1.1, 203.0.113.9", "X-Forwarded-Proto: https"])
      #expect(answer.status == 200)
      let call = try #require(bridge.accounts.last)
      #expect(call.peer == (isTrusted ? "203.0.113.9" : "127.0.0.1"))
      #expect(call.metadata["x-forwarded-proto"] == (isTrusted ? "https" : "http"))
      #expect(call.metadata["user-agent"]?.hasPrefix("curl/") == true)
      #expect(call.metadata.entries.filter { $0.key == "x-forwarded-proto" }.count == 1)
      #expect(call.metadata["x-forwarded-for"] == nil)
    }
  }
}
