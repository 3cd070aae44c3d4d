// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Servers that mean a client harm")
  struct ServerTests {
    private static let call = CallOptions(timeout: .seconds(60))

    /// Has a client call a server that does as `script` says to each request, and looks at what is left.
    private static func expect(
      _ codes: Set<StatusCode>, _ script: @escaping @Sendable (RawFrame) -> RawServer.Reply,
      limits: ClientLimits = ClientLimits()
    ) async throws {
      let before = try Loopback.residentBytes()
      let server = try await RawServer.polite { _, event in
        if case .frame(let frame) = event, frame.has(.data) { script(frame) } else { .nothing }
      }
      var configuration = ClientConfiguration.quick
      configuration.limits = limits
      try await withClient(server.target, configuration) { client async throws in
        let error = await client.failure(EchoService.say, "x", call)
        #expect(error.map { codes.contains($0.code) } == true, "\(error?.description ?? "OK")")
      }
      await server.stop()
      try await Loopback.expectBounded(since: before)
    }

    @Test("garbage instead of HTTP/2")
    func garbage() async throws {
      let server = try await RawServer { _, event in
        guard case .opened = event else { return .nothing }
        return RawServer.Reply(bytes: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
      }
      try await withClient(server.target) { client async throws in
        let error = await client.failure(EchoService.say)
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("HTTP/2") == true)
      }
      await server.stop()
    }

    @Test("garbage in the middle of a call")
    func lateGarbage() async throws {
      try await Self.expect([.unavailable]) { _ in
        RawServer.Reply(bytes: [UInt8](repeating: 255, count: 1000))
      }
    }

    @Test("no SETTINGS, ever: an attempt to connect has its end")
    func silence() async throws {
      let server = try await RawServer { _, _ in .nothing }
      var configuration = ClientConfiguration.quick
      configuration.backoff.minConnectTimeout = .milliseconds(300)
      try await withClient(server.target, configuration) { client async throws in
        let error = await client.failure(EchoService.say)
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("in time") == true)
        try await eventually("the connection is closed") {
          server.openConnections < server.connectionCount
        }
      }
      await server.stop()
    }

    @Test("no answer, ever: the deadline ends the call, and the server is told")
    func noAnswer() async throws {
      let server = try await RawServer.polite { _, _ in .nothing }
      try await withClient(server.target) { client async throws in
        let error = await client.failure(
          EchoService.say, "x", CallOptions(timeout: .milliseconds(200)))
        #expect(error?.code == .deadlineExceeded)
        try await eventually("the stream is reset") { server.frames(.reset).count == 1 }
      }
      await server.stop()
    }

    @Test("no answer to PING: the connection is given up")
    func noPingAnswer() async throws {
      let server = try await RawServer { _, event in
        switch event {
        case .opened: .send(.settings())
        case .frame(let frame) where frame.has(.settings) && frame.flags == 0: .send(.settingsAck)
        case .frame: .nothing
        }
      }
      var configuration = ClientConfiguration.quick
      configuration.keepalive = ClientKeepalive(
        unchecked: .milliseconds(100), .milliseconds(200), false)
      try await withClient(server.target, configuration) { client async throws in
        let error = await client.failure(EchoService.say, "x", Self.call)
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("keepalive") == true)
        #expect(server.frames(.ping).count == 1)
      }
      await server.stop()
    }

    @Test("PINGs that are answered keep a silent call alive, and are not sent without one")
    func pingAnswers() async throws {
      let server = try await RawServer.polite { _, event in
        guard case .frame(let frame) = event, frame.has(.data), frame.stream > 1 else {
          return .nothing
        }
        return .answer(frame.stream, "x")
      }
      var configuration = ClientConfiguration.quick
      configuration.keepalive = ClientKeepalive(unchecked: .milliseconds(50), .seconds(20), false)
      try await withClient(server.target, configuration) { client async throws in
        let call = Task { await client.failure(EchoService.say, "x", Self.call) }
        try await eventually("it asks again and again") { server.frames(.ping).count > 3 }
        call.cancel()
        #expect(await call.value?.code == .cancelled)
        let asked = server.frames(.ping).count
        try await Task.sleep(for: .milliseconds(300))
        // One may have been under way.
        #expect(server.frames(.ping).count <= asked + 1)
        #expect(server.connectionCount == 1)
      }
      await server.stop()
    }

    @Test("endless headers: CONTINUATION without an end")
    func endlessHeaders() async throws {
      try await Self.expect([.unavailable, .resourceExhausted]) { frame in
        let field = RawFrame.block([("x", String(repeating: "h", count: 1000))])
        let bytes =
          RawFrame.headers(frame.stream, RawFrame.responseFields, complete: false).bytes
          + RawFrame.repeated(1000, .continuation(frame.stream, field))
        return RawServer.Reply(bytes: bytes)
      }
    }

    @Test("header lists up to the limit are taken", arguments: [-1, 0, 1])
    func headerLimit(beyond: Int) async throws {
      var limits = ClientLimits()
      limits.maxHeaderListBytes = 1000
      let usual = RawFrame.responseFields.reduce(0) { $0 + $1.name.count + $1.value.count + 32 }
      let value = String(repeating: "v", count: 1000 - usual - 33 + beyond)
      let server = try await RawServer.polite { _, event in
        guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
        var frames = RawFrame.response(frame.stream, "fits")
        frames[0] = .headers(frame.stream, RawFrame.responseFields + [("x", value)])
        return RawServer.Reply(bytes: frames.flatMap(\.bytes))
      }
      var configuration = ClientConfiguration.quick
      configuration.limits = limits
      try await withClient(server.target, configuration) { client async throws in
        let error = await client.failure(EchoService.say, "x", Self.call)
        #expect(error?.code == (beyond > 0 ? .resourceExhausted : nil))
      }
      await server.stop()
    }

    @Test("endless informational responses keep nothing, and end with the deadline")
    func endlessInformation() async throws {
      let before = try Loopback.residentBytes()
      let server = try await RawServer.polite { _, event in
        guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
        return RawServer.Reply(
          bytes: RawFrame.repeated(100, .headers(frame.stream, [(":status", "103")])),
          times: 1_000_000)
      }
      try await withClient(server.target) { client async throws in
        let error = await client.failure(
          EchoService.say, "x", CallOptions(timeout: .seconds(1)))
        #expect(error != nil)
      }
      await server.stop()
      try await Loopback.expectBounded(since: before)
    }

    @Test("a message that announces more than the limit fails at once", arguments: [99, 100, 101])
    func messageLimit(size: Int) async throws {
      var limits = ClientLimits()
      limits.maxMessageBytes = 100
      let server = try await RawServer.polite { _, event in
        guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
        return .answer(frame.stream, String(repeating: "m", count: size))
      }
      var configuration = ClientConfiguration.quick
      configuration.limits = limits
      try await withClient(server.target, configuration) { client async throws in
        let error = await client.failure(EchoService.say, "x", Self.call)
        #expect(error?.code == (size > 100 ? .resourceExhausted : nil))
      }
      await server.stop()
      try await Self.expect([.resourceExhausted]) { frame in
        .send(
          .headers(frame.stream, RawFrame.responseFields),
          .data(frame.stream, RawFrame.message("", announced: .max)))
      }
    }

    @Test("what is not a gRPC response is an error that says so")
    func notGRPC() async throws {
      let page: RawFrame.Fields = [(":status", "200"), ("content-type", "text/html")]
      try await Self.expect([.unknown]) { .send(.headers($0.stream, page, end: true)) }
      let codes: [(String, StatusCode)] = [
        ("400", .internalError), ("401", .unauthenticated), ("403", .permissionDenied),
        ("404", .unimplemented), ("429", .unavailable), ("502", .unavailable),
        ("503", .unavailable), ("504", .unavailable), ("500", .unknown),
      ]
      for (status, code) in codes {
        try await Self.expect([code]) {
          .send(.headers($0.stream, [(":status", status)], end: true))
        }
      }
    }

    @Test("a response without status, with a strange one, or without a message")
    func incomplete() async throws {
      let fields = RawFrame.responseFields
      try await Self.expect([.unknown]) {
        .send(.headers($0.stream, fields), .data($0.stream, [], end: true))
      }
      try await Self.expect([.unknown]) {
        .send(.headers($0.stream, fields), .headers($0.stream, [("x", "y")], end: true))
      }
      try await Self.expect([.unknown]) {
        .send(.headers($0.stream, fields + [("grpc-status", "77")], end: true))
      }
      try await Self.expect([.internalError]) {
        .send(.headers($0.stream, fields + [("grpc-status", "0")], end: true))
      }
    }

    @Test("flags and lengths that lie")
    func lies() async throws {
      for flag in [1, 2, 255] as [UInt8] {
        try await Self.expect([.internalError]) {
          .send(
            .headers($0.stream, RawFrame.responseFields),
            .data($0.stream, RawFrame.message("x", flag: flag)))
        }
      }
    }

    @Test("closes in the middle of a message")
    func cutShort() async throws {
      try await Self.expect([.unavailable]) { frame in
        var reply = RawServer.Reply.send(
          .headers(frame.stream, RawFrame.responseFields),
          .data(frame.stream, RawFrame.message("half", announced: 100)))
        reply.closes = true
        return reply
      }
    }

    @Test("data beyond the window, and on a stream that nobody opened")
    func outOfBounds() async throws {
      try await Self.expect([.unavailable, .internalError]) { frame in
        let chunk = RawFrame.data(frame.stream, [UInt8](repeating: 0, count: 16_384))
        let bytes =
          RawFrame.headers(frame.stream, RawFrame.responseFields).bytes
          + RawFrame.repeated(100, chunk)
        return RawServer.Reply(bytes: bytes)
      }
      try await Self.expect([.unavailable]) { _ in .send(.data(99, [1])) }
    }

    @Test("floods of PING and SETTINGS while nothing is read back")
    func floods() async throws {
      for frame in [RawFrame.ping(), RawFrame.settings()] {
        let before = try Loopback.residentBytes()
        let server = try await RawServer.polite { _, event in
          guard case .frame(let data) = event, data.has(.data) else { return .nothing }
          return RawServer.Reply(bytes: RawFrame.repeated(1000, frame), times: 1000)
        }
        try await withClient(server.target) { client async throws in
          _ = await client.failure(EchoService.say, "x", CallOptions(timeout: .seconds(2)))
        }
        await server.stop()
        try await Loopback.expectBounded(since: before)
      }
    }

    @Test("calls made and given up while the server reads nothing end with the connection")
    func deafServer() async throws {
      let server = try await RawServer { connection, event in
        if case .opened = event { .send(.settings()) } else { .nothing }
      }
      var configuration = ClientConfiguration.quick
      configuration.limits.maxWaitingCalls = 100
      let before = try Loopback.residentBytes()
      try await withClient(server.target, configuration) { client async throws in
        client.connect()
        try await eventually("it is connected") { client.state == .ready }
        server.pauseReading(on: 0)
        // More than sockets and buffers hold.
        let options = CallOptions(
          metadata: ["x-large": String(repeating: "l", count: 8000)], timeout: .seconds(1))
        var codes: Set<StatusCode> = []
        for _ in 0..<40 where !codes.contains(.unavailable) {
          await withTaskGroup(of: StatusCode?.self) { group in
            for _ in 0..<100 {
              group.addTask { await client.failure(EchoService.say, "x", options)?.code }
            }
            for await case let code? in group { codes.insert(code) }
          }
        }
        #expect(codes.contains(.unavailable))
      }
      await server.stop()
      try await Loopback.expectBounded(since: before)
    }

    @Test("a caller that does not read bounds what the server can send")
    func slowConsumer() async throws {
      let server = try await NamedServer("flood")
      let before = try Loopback.residentBytes()
      try await withClient(server.target) { client async throws in
        let stream = try await client.serverStreaming(
          EchoService.flood, MessageFrame { $0.writeString("100000") }, options: CallOptions())
        var answers = stream.makeAsyncIterator()
        #expect(try await answers.next() != nil)
        var written = -1
        try await eventually("the server's handler suspends") {
          let now = server.echo.written.load(ordering: .relaxed)
          defer { written = now }
          try await Task.sleep(for: .milliseconds(200))
          return now == written
        }
        // Windows of 256 KiB, 64 KiB pending and what sockets hold: far from a gigabyte.
        #expect(written < 2000)
        #expect(try await client.ask(EchoService.say, "others go on") == "others go on")
        try await Loopback.expectBounded(since: before)
        for _ in 0..<1000 { #expect(try await answers.next()?.readableBytes == 10_000) }
      }
      await server.stop()
    }
  }
}
