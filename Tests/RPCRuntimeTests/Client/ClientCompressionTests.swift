// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("A client and gzip")
  struct ClientCompressionTests {
    private static let text = String(repeating: "thirty-two bytes that say little", count: 1000)

    private static func rawServer(
      encoding: String?, _ message: @escaping @Sendable () -> [UInt8]
    ) async throws -> RawServer {
      try await RawServer.polite(settings: []) { _, event in
        guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
        var fields = RawFrame.responseFields
        if let encoding { fields.append(("grpc-encoding", encoding)) }
        var bytes = RawFrame.headers(frame.stream, fields).bytes
        let body = message()
        for start in stride(from: 0, to: body.count, by: 16_384) {
          let chunk = Array(body[start..<min(start + 16_384, body.count)])
          bytes += RawFrame.data(frame.stream, chunk).bytes
        }
        bytes += RawFrame.headers(frame.stream, [("grpc-status", "0")], end: true).bytes
        return RawServer.Reply(bytes: bytes)
      }
    }

    /// A whole message whose `size` bytes are zeros, compressed.
    private static func zeros(_ size: Int) throws -> [UInt8] {
      let frame = MessageFrame { $0.writeRepeatingByte(0, count: size) }
      return Array(
        try #require(GzipCodec.ofThisThread.deflate(frame: frame.framed)).readableBytesView)
    }

    @Test("a foreign server's compressed responses are read, all the same for each shape")
    func responses() async throws {
      let server = try await ForeignServer(["--gzip"])
      try await withClient(server.target) { client async throws in
        #expect(try await client.ask(ForeignServer.method("Echo"), Self.text) == Self.text)
        let call = try await client.open(
          ForeignServer.method("FlakyChat"), options: CallOptions())
        var answers = call.responses.makeAsyncIterator()
        for count in [1, 100, 100_000] {
          try await call.requests.write(MessageFrame { $0.writeRepeatingByte(7, count: count) })
          #expect(try await answers.next()?.readableBytes == count)
        }
        await call.requests.finish()
      }
      await server.stop()
    }

    @Test("requests are compressed when the call says so, and a foreign server reads them")
    func requests() async throws {
      let server = try await ForeignServer()
      try await withClient(server.target) { client async throws in
        let options = CallOptions(compression: .gzip)
        #expect(try await client.ask(ForeignServer.method("Echo"), Self.text, options) == Self.text)
        #expect(try await client.ask(ForeignServer.method("Echo"), "short", options) == "short")
        let reply = try await client.clientStreaming(
          ForeignServer.method("FlakyJoin"), options: options
        ) { requests throws(RPCError) in
          for _ in 0..<3 { try await requests.write(MessageFrame { $0.writeString(Self.text) }) }
        }
        #expect(reply.readableBytes == 4 + 3 * Self.text.utf8.count)
      }
      await server.stop()
    }

    @Test(
      "from the smallest size on, what leaves is compressed and says so", arguments: [99, 100, 101])
    func onTheWire(size: Int) async throws {
      let server = try await RawServer.polite { _, event in
        guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
        return .answer(frame.stream, "x")
      }
      var configuration = ClientConfiguration.quick
      configuration.limits.minCompressedBytes = 100
      try await withClient(server.target, configuration) { client async throws in
        let text = String(repeating: "c", count: size)
        _ = try await client.ask(EchoService.say, text, CallOptions(compression: .gzip))
        _ = try await client.ask(EchoService.say, text)
        let sent = server.frames(.data).map(\.frame.payload)
        try #require(sent.count == 2)
        #expect(sent[0].first == (size >= 100 ? 1 : 0))
        #expect((sent[0].count < size) == (size >= 100))
        #expect(sent[1].first == 0)
      }
      await server.stop()
    }

    @Test("a response may inflate to the limit and no further", arguments: [-1, 0, 1, 1 << 26])
    func limit(beyond: Int) async throws {
      let limit = ClientLimits().maxMessageBytes
      let bomb = try Self.zeros(limit + beyond)
      let before = try Loopback.residentBytes()
      let server = try await Self.rawServer(encoding: "gzip") { bomb }
      try await withClient(server.target) { client async throws in
        let error = await client.failure(EchoService.say, "x")
        #expect(error?.code == (beyond > 0 ? .resourceExhausted : nil))
      }
      await server.stop()
      try await Loopback.expectBounded(since: before)
    }

    @Test("an encoding that was not offered, or bytes that are not gzip, are INTERNAL")
    func broken() async throws {
      let right = try Self.zeros(1000)
      var cut = right
      cut.removeLast(4)
      cut[4] -= 4
      let wrong: [(String?, [UInt8])] = [
        ("snappy", right), (nil, right), ("identity", right), ("gzip", cut),
        ("gzip", RawFrame.message("no gzip", flag: 1)),
      ]
      for (encoding, bytes) in wrong {
        let server = try await Self.rawServer(encoding: encoding) { bytes }
        try await withClient(server.target) { client async throws in
          let error = await client.failure(EchoService.say, "x")
          #expect(error?.code == .internalError, "\(encoding ?? "none")")
        }
        await server.stop()
      }
    }

    @Test("a response that ends in the middle of a message is INTERNAL, whatever its status says")
    func unfinished() async throws {
      let server = try await Self.rawServer(encoding: nil) {
        RawFrame.message("whole") + RawFrame.message("half", announced: 100)
      }
      try await withClient(server.target) { client async throws in
        let stream = try await client.serverStreaming(
          EchoService.flood, MessageFrame { _ in }, options: CallOptions())
        var answers = stream.makeAsyncIterator()
        #expect(try await answers.next().map { String(buffer: $0) } == "whole")
        let error = await #expect(throws: RPCError.self) { _ = try await answers.next() }
        #expect(error?.code == .internalError)
      }
      await server.stop()
    }

    @Test("metadata that cannot be sent fails the call; binary metadata arrives")
    func metadata() async throws {
      let server = try await ForeignServer()
      try await withClient(server.target) { client async throws in
        let error = await client.failure(
          ForeignServer.method("Echo"), "", CallOptions(metadata: ["x-bad": "line\nbreak"]))
        #expect(error?.code == .internalError)
        #expect(error?.message.contains("x-bad") == true)
        var metadata = Metadata()
        metadata.addBinary([0, 255, 7], for: "x-echo-bin")
        let reply = try await client.unary(
          ForeignServer.method("Echo"), MessageFrame { _ in },
          options: CallOptions(metadata: metadata))
        #expect(reply.initialMetadata["x-initial"] == "i")
        #expect(reply.trailingMetadata.binary("x-echo-bin") == [0, 255, 7])
      }
      await server.stop()
    }
  }
}
