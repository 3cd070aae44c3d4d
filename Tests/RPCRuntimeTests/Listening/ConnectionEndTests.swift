// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

/// Times are long enough for a client to begin in on a machine that does much else.
@Suite("How connections end", .timeLimit(.minutes(5)))
struct ConnectionEndTests {
  private func run(
    _ change: (inout ServerLimits) -> Void,
    _ body: (ListeningServer, _ target: String, TemporaryDirectory) async throws -> Void
  ) async throws {
    try await ListeningServer.run([.loopback], ListeningServer.limits(change)) { running in
      try await body(running, "127.0.0.1:\(try running.port())", try TemporaryDirectory())
    }
  }

  @Test("a peer that does not answer a keepalive PING is closed, and its call ended")
  func deadPeer() async throws {
    let limits: (inout ServerLimits) -> Void = {
      $0.keepaliveTime = .milliseconds(500)
      $0.keepaliveTimeout = .seconds(20)
    }
    try await run(limits) { running, _, _ in
      let alive = try await RPCConnection.connect(
        host: "127.0.0.1", port: try running.port(), group: running.group)
      let peer = try await RawPeer.begin(with: running)
      await peer.send(RawFrame.call(1, EchoService.hang))
      try await eventually("the server closes the connection", within: .seconds(70)) {
        peer.isClosed
      }
      #expect(peer.frames.contains { $0.has(.ping) && $0.flags == 0 })
      try await eventually("the handler is cancelled") {
        running.service.cancelled.load(ordering: .relaxed) == 1
      }
      // Who answers PINGs has lived as long, without a call.
      let reply = try await alive.unary(
        EchoService.say, MessageFrame { $0.writeString("alive") }, options: CallOptions())
      #expect(String(buffer: reply.message) == "alive")
      await alive.close()
    }
  }

  @Test("a connection without calls is drained; one with a call is not")
  func idle() async throws {
    try await run({ $0.maxConnectionIdle = .seconds(8) }) { running, _, _ in
      let busy = try await RawPeer.begin(with: running)
      await busy.send(RawFrame.call(1, EchoService.idle))
      let idle = try await RawPeer.begin(with: running)
      try await idle.expectCall(1)
      try await idle.expectGoAway(.noError)
      // Phase one names no stream, phase two the last one (RFC 9113 §6.8).
      let last = idle.frames.filter { $0.has(.goAway) }.map { $0.number() }
      #expect(last == [UInt32(Int32.max), 1])
      #expect(!busy.isClosed)
      try await busy.expectCall(3)
      await busy.send(.reset(1))
      try await busy.expectGoAway(.noError)
    }
  }

  @Test("grpcio notices nothing when connections reach their greatest age")
  func age() async throws {
    let limits: (inout ServerLimits) -> Void = { $0.maxConnectionAge = .milliseconds(400) }
    try await run(limits) { _, target, folder in
      let stop = "\(folder.path)/stop"
      // Streams that last longer than a connection finish on the one they began on.
      let chat = try Run.echo(target, ["chat", "--until", stop])
      let load = try Run.echo(target, ["load", "--until", stop])
      try await load.waitFor(#""connections": 4"#)
      try Data().write(to: URL(filePath: stop))
      let output = try await load.succeed()
      #expect(output.contains(#""failures": []"#), "\(output)")
      let chatted = try await chat.succeed()
      #expect(chatted.contains("done"), "\(chatted)")
    }
  }

  @Test("after the grace, streams of an old connection end with a status")
  func ageGrace() async throws {
    let limits: (inout ServerLimits) -> Void = {
      $0.maxConnectionAge = .seconds(5)
      $0.maxConnectionAgeGrace = .milliseconds(500)
    }
    try await run(limits) { running, target, folder in
      let output = try await Run.echo(target, ["idle"]).succeed()
      #expect(output.contains(#"{"message": "first"}"#), "\(output)")
      #expect(output.contains(#""code": "UNAVAILABLE""#), "\(output)")
      #expect(output.contains("the server ends this connection"), "\(output)")
      try await eventually("the handler is cancelled") {
        running.service.cancelled.load(ordering: .relaxed) == 1
      }
    }
  }

  @Test("a call that nobody reads does not outlive the grace")
  func unread() async throws {
    let limits: (inout ServerLimits) -> Void = {
      $0.maxConnectionAge = .seconds(8)
      $0.maxConnectionAgeGrace = .milliseconds(500)
    }
    try await run(limits) { running, _, _ in
      let peer = try await RawPeer.begin(with: running, settings: [(4, 0)])
      await peer.send(RawFrame.call(1, EchoService.flood, "1000"))
      try await eventually("the handler has written something") {
        running.service.written.load(ordering: .relaxed) > 0
      }
      try await peer.expectClose()
    }
  }

  @Test("a stop lets a stream of grpcio end by itself")
  func stop() async throws {
    try await run({ $0.drainGrace = .seconds(40) }) { running, target, folder in
      let stop = "\(folder.path)/stop"
      let chat = try Run.echo(target, ["chat", "--until", stop])
      try await chat.waitFor(#"{"echoes": 3}"#)
      async let stopped: Void = running.server.shutdown()
      let echoes = chat.output.split(separator: "\n").count
      try await chat.waitFor(#"{"echoes": \#(echoes + 5)}"#)
      try Data().write(to: URL(filePath: stop))
      let output = try await chat.succeed()
      #expect(output.contains("done"), "\(output)")
      await stopped
    }
  }

  @Test("answers larger than the socket takes arrive before the close")
  func lastAnswer() async throws {
    try await Loopback.run { loopback in
      let responses = try await loopback.client.serverStreaming(
        EchoService.flood, MessageFrame { $0.writeString("90") }, options: CallOptions())
      var iterator = responses.makeAsyncIterator()
      _ = try await iterator.next()
      async let stopped: Void = loopback.server.shutdown()
      // Everything is with the socket or waits for it; nothing more is opened.
      try await eventually("the handler has returned") {
        loopback.service.written.load(ordering: .relaxed) >= 20
      }
      var count = 1
      while try await iterator.next() != nil { count += 1 }
      #expect(count == 90)
      await stopped
    }
  }

  private static let pinging = [
    "--option", "grpc.keepalive_time_ms=100", "--option", "grpc.keepalive_timeout_ms=10000",
    "--option", "grpc.http2.max_pings_without_data=0", "--option", "grpc.http2.bdp_probe=0",
  ]

  @Test("a client that PINGs too eagerly is told so, a polite one lives", arguments: [true, false])
  func pings(polite: Bool) async throws {
    try await run({ if polite { $0.minPingInterval = .milliseconds(10) } }) { _, target, folder in
      let client = try Run.echo(
        target, ["idle", "--timeout", "8"] + Self.pinging)
      let output = try await client.succeed()
      let end = polite ? "DEADLINE_EXCEEDED" : "too_many_pings"
      #expect(output.contains(end), "\(output)")
    }
  }
}
