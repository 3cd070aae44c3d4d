// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("HTTP/1.1")
  struct HTTP1Tests {
    private static func head(
      _ method: MethodDescriptor, length: Int?, _ fields: [String] = [],
      version: String = "HTTP/1.1"
    ) -> String {
      let framing = length.map { "content-length: \($0)" } ?? "transfer-encoding: chunked"
      let lines =
        [
          "POST \(method.path) \(version)", "host: test", "content-type: application/grpc-web",
          framing,
        ] + fields
      return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    private static func call(
      _ method: MethodDescriptor, _ text: String, _ fields: [String] = [],
      version: String = "HTTP/1.1"
    ) -> [UInt8] {
      let message = RawFrame.message(text)
      return Array(head(method, length: message.count, fields, version: version).utf8) + message
    }

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
      Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    private static let lastChunk = Array("0\r\n\r\n".utf8)

    private static func impatient() -> ServerLimits {
      var limits = ServerLimits()
      limits.prefaceTimeout = .seconds(1)
      limits.keepAliveTimeout = .seconds(1)
      limits.writeStallTimeout = .seconds(1)
      return limits
    }

    @Test("the first bytes tell HTTP/2 from HTTP/1.1, however they are cut")
    func sniffing() {
      func spoken(_ text: String) -> ApplicationProtocol? {
        ApplicationProtocol(firstBytes: Array(text.utf8))
      }
      for text in ["", "P", "PO", "POST", "G", "OPTI"] { #expect(spoken(text) == nil) }
      for text in ["PR", "PRI * HTTP/2.0\r\n", "\u{16}\u{3}", "get /", " ", "POSTS", "INVALID /"] {
        #expect(spoken(text) == .http2)
      }
      for text in ["GET ", "POST /a HTTP/1.1", "OPTIONS * HTTP/1.1"] {
        #expect(spoken(text) == .http1)
      }
    }

    @Test("a request may come byte by byte")
    func byteByByte() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        for byte in Self.call(EchoService.say, "slowly") { await peer.send([byte]) }
        try await peer.expect("slowly")
        try await peer.expect("grpc-status: 0\r\nx-trailing: none\r\n\r\n0\r\n\r\n")
        #expect(peer.text.contains("transfer-encoding: chunked"))
      }
    }

    @Test("requests on one connection are answered in their order, those that were sent ahead too")
    func pipelining() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send((0..<20).flatMap { Self.call(EchoService.say, "call \($0);") })
        try await peer.expect("call 19;")
        try await eventually("all are answered") {
          peer.text.components(separatedBy: "HTTP/1.1 200 OK").count == 21
        }
        var rest = peer.text[...]
        for index in 0..<20 {
          let range = try #require(rest.range(of: "call \(index);"))
          rest = rest[range.upperBound...]
        }
        await peer.send(Self.call(EchoService.say, "last", ["connection: close"]))
        try await peer.expectClose()
        #expect(peer.text.contains("last"))
      }
    }

    @Test("a caller that asks before it sends its body is told to go on (RFC 9110 §10.1.1)")
    func expectation() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        let message = RawFrame.message("asked first")
        await peer.send(
          Self.head(EchoService.say, length: message.count, ["expect: 100-continue"]))
        try await peer.expect("HTTP/1.1 100 Continue\r\n\r\n")
        await peer.send(message)
        try await peer.expect("asked first")
        // What is refused by its headers is refused at once.
        await peer.send(
          "POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n")
        try await peer.expect("HTTP/1.1 415 ")
        #expect(peer.text.components(separatedBy: "100 Continue").count == 2)
        await peer.close()
      }
    }

    @Test("HTTP/1.0 gets its answer, and its end")
    func oldVersion() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send(
          Self.call(EchoService.say, "old", ["connection: keep-alive"], version: "HTTP/1.0"))
        try await peer.expectClose()
        #expect(peer.text.contains("old"))
        #expect(!peer.text.contains("chunked"))
      }
    }

    @Test(
      "what is not gRPC-Web gets a plain status",
      arguments: [
        ("GET / HTTP/1.1\r\nhost: test\r\n\r\n", "405"),
        ("POST /echo.Echo/Say HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n", "415"),
        (
          "POST /echo.Echo/Say HTTP/1.1\r\nhost: test\r\ncontent-type: application/grpc\r\n"
            + "content-length: 0\r\n\r\n", "415"
        ),
        ("GET / HTTP/3.7\r\n\r\n", "400"), ("GET nonsense\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", "400"),
        (
          "POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", "400"
        ),
        ("POST / HTTP/1.1\r\nx: a\u{0}b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nhost: test\r\n:path: /echo.Echo/Say\r\n\r\n", "400"),
        ("OPTIONS * HTTP/1.1\r\nhost: test\r\n\r\n", "405"),
      ])
    func notWeb(request: String, status: String) async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send(request)
        try await peer.expect("HTTP/1.1 \(status) ")
        await peer.close()
      }
    }

    @Test("headers may have 16 KiB")
    func largeHeaders() async throws {
      try await Loopback.underAttack { loopback in
        for (size, status) in [(15_000, "200"), (17_000, "400")] {
          let peer = try await TextPeer.connect(to: loopback)
          let field = "x-large: " + String(repeating: "x", count: size)
          await peer.send(Self.call(EchoService.say, "text", [field]))
          try await peer.expect("HTTP/1.1 \(status) ")
          await peer.close()
        }
        let endless = try await TextPeer.connect(to: loopback)
        await endless.send("POST / HTTP/1.1\r\n")
        for index in 0..<100_000 where await !endless.send("x-\(index): y\r\n") { break }
        try await endless.expectClose()
      }
    }

    @Test("a peer that does not come to the end of its request is closed")
    func slow() async throws {
      let body = Self.call(EchoService.say, "text")
      for sent in [[], Array("POST /echo".utf8), Array(body.dropLast())] {
        try await Loopback.underAttack(Self.impatient()) { loopback in
          let peer = try await TextPeer.connect(to: loopback)
          await peer.send(sent)
          try await peer.expectClose()
          #expect(loopback.service.running.load(ordering: .relaxed) == 0)
        }
      }
    }

    @Test("a connection that is not used again is closed")
    func idle() async throws {
      try await Loopback.underAttack(Self.impatient()) { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send(Self.call(EchoService.say, "text"))
        try await peer.expect("grpc-status: 0")
        try await peer.expectClose()
      }
    }

    @Test("a call outlives the time in which a request must come")
    func longCall() async throws {
      try await Loopback.underAttack(Self.impatient()) { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send(Self.call(EchoService.hang, "", ["grpc-timeout: 3S"]))
        try await peer.expect("grpc-status: 4")
      }
    }

    @Test("a body that is too large is answered before it comes, and not read for ever")
    func endlessBody() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send(Self.head(EchoService.say, length: nil))
        await peer.send(Self.chunk(RawFrame.message("", announced: .max)))
        try await peer.expect("grpc-status: 8")
        let chunk = Self.chunk([UInt8](repeating: 0, count: 65_536))
        for _ in 0..<1_000 where await !peer.send(chunk) { break }
        try await peer.expectClose()
      }
    }

    @Test("a body that ends after the answer leaves the connection usable")
    func lateBody() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send(Self.head(EchoService.say, length: nil))
        await peer.send(Self.chunk(RawFrame.message("", announced: .max)))
        try await peer.expect("grpc-status: 8")
        await peer.send(Self.chunk([1, 2, 3]) + Self.lastChunk)
        await peer.send(Self.call(EchoService.say, "next"))
        try await peer.expect("next")
        await peer.close()
      }
    }

    @Test("a handler that does not read stops the peer, and its reading lets it go on")
    func requestBackPressure() async throws {
      try await Loopback.underAttack { loopback in
        let peer = try await TextPeer.connect(to: loopback)
        await peer.send(Self.head(EchoService.slow, length: nil))
        let messages = 2_000
        let chunk = Self.chunk(RawFrame.message(String(repeating: "m", count: 9_995)))
        let sent = Atomic(0)
        // 20 MB; the sockets' buffers and the window hold some of it.
        let writer = Task {
          for _ in 0..<messages {
            guard await peer.send(chunk) else { break }
            sent.add(1, ordering: .relaxed)
          }
          await peer.send(Self.lastChunk)
        }
        var before = -1
        try await eventually("the peer stalls") {
          let now = sent.load(ordering: .relaxed)
          defer { before = now }
          try await Task.sleep(for: .milliseconds(200))
          return now == before && now > 0
        }
        #expect(sent.load(ordering: .relaxed) < messages)
        loopback.service.permits.store(messages + 1, ordering: .relaxed)
        await writer.value
        try await peer.expect("\(messages)")
        await peer.close()
      }
    }

    @Test("a peer that does not read suspends its handler, and is closed in the end")
    func slowReader() async throws {
      try await Loopback.underAttack(Self.impatient()) { loopback in
        let peer = try await TextPeer.connect(to: loopback, reads: false)
        await peer.send(
          Self.call(EchoService.flood, "100000") + Self.call(EchoService.say, "waits its turn"))
        try await eventually("the handler was given up") {
          loopback.service.floodsEnded.load(ordering: .relaxed) == 1
        }
        // A gigabyte in all; the sockets' buffers take some megabytes of it.
        #expect(loopback.service.written.load(ordering: .relaxed) < 5_000)
        await peer.close()
      }
    }

    /// What a peer might send: requests, torn, bent and repeated.
    @Test("a thousand bent requests do no harm")
    func bent() async throws {
      try await Loopback.underAttack { loopback in
        var generator = SeededGenerator(seed: 20)
        let requests = [
          Self.call(EchoService.say, "text"),
          Self.call(EchoService.say, "AAAAAAV0ZXh0", ["content-type: application/grpc-web-text"]),
          Array(Self.head(EchoService.chat, length: nil).utf8)
            + Self.chunk(RawFrame.message("text")) + Self.lastChunk,
        ]
        for _ in 0..<1_000 {
          var bytes = requests[Int.random(in: 0..<requests.count, using: &generator)]
          for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.removeLast(min(bytes.count - 1, index))
            case 2: bytes.insert(contentsOf: bytes[..<index], at: index)
            default: bytes.remove(at: min(index, bytes.count - 1))
            }
            if bytes.count < 2 { bytes = requests[0] }
          }
          let peer = try await TextPeer.connect(to: loopback)
          await peer.send(bytes)
          await peer.close()
        }
      }
    }

    @Test("a hundred connections that hang up cancel their handlers")
    func hangUp() async throws {
      try await Loopback.underAttack { loopback in
        var peers: [TextPeer] = []
        for _ in 0..<100 {
          let peer = try await TextPeer.connect(to: loopback)
          await peer.send(Self.call(EchoService.idle, ""))
          peers.append(peer)
        }
        try await eventually("the handlers run") {
          loopback.service.running.load(ordering: .relaxed) == 100
        }
        for peer in peers { await peer.close() }
        try await eventually("the handlers are cancelled") {
          loopback.service.cancelled.load(ordering: .relaxed) == 100
        }
      }
    }

    @Test("shutdown lets a running call finish and closes idle connections")
    func shutdown() async throws {
      try await Loopback.run { loopback in
        let idle = try await TextPeer.connect(to: loopback)
        await idle.send(Self.call(EchoService.say, "idle"))
        try await idle.expect("grpc-status: 0")
        let silent = try await TextPeer.connect(to: loopback)
        let busy = try await TextPeer.connect(to: loopback)
        await busy.send(Self.call(EchoService.hang, "", ["grpc-timeout: 2S"]))
        try await eventually("the handler runs") {
          loopback.service.running.load(ordering: .relaxed) == 1
        }
        async let stopped: Void = loopback.server.shutdown()
        try await idle.expectClose()
        try await silent.expectClose()
        try await busy.expect("grpc-status: 4")
        try await busy.expectClose()
        #expect(busy.text.contains("connection: close"))
        await stopped
      }
    }
  }
}
