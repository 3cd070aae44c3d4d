// SPDX-License-Identifier: Apache-2.0

import DevStack
import NIOCore
import NIOEmbedded
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("TLS handshakes")
  struct HandshakeTests {
    private func run(
      _ limits: ServerLimits, _ body: (ListeningServer, TestCertificates) async throws -> Void
    ) async throws {
      let certificates = try TestCertificates()
      let authority = try await certificates.authority("authority")
      let server = try await certificates.server(by: authority)
      let tls = ServerTLSConfiguration(
        certificateChainFile: server.certificate, privateKeyFile: server.key)
      try await ListeningServer.run([.loopback(tls)], limits) { running in
        try await body(running, certificates)
      }
    }

    /// A connection that sends `bytes`, when it is let, and does no more.
    private func open(_ running: ListeningServer, _ bytes: [UInt8]) async throws -> any Channel {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: try running.port()).get()
      channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
      return channel
    }

    private func call(
      _ running: ListeningServer, _ certificates: TestCertificates
    ) async throws -> String {
      try await Run.echo(
        "localhost:\(try running.port())",
        ["call", "--ca", certificates.path("authority.pem")]
      ).succeed()
    }

    /// The first flight of a real client, without which the server has not allocated much.
    private static func hello() throws -> [UInt8] {
      let recorder = EmbeddedChannel()
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.applicationProtocols = ["h2"]
      let context = try NIOSSLContext(configuration: configuration)
      try recorder.pipeline.syncOperations.addHandler(
        NIOSSLClientHandler(context: context, serverHostname: "localhost"))
      recorder.pipeline.fireChannelActive()
      var hello: [UInt8] = []
      while let bytes = try recorder.readOutbound(as: ByteBuffer.self) {
        hello += Array(bytes.readableBytesView)
      }
      return hello
    }

    @Test("1,000 half-open handshakes cost bounded memory, and end")
    func halfOpen() async throws {
      var limits = ListeningServer.limits()
      limits.handshakeTimeout = .seconds(5)
      try await run(limits) { running, certificates in
        #expect(try await call(running, certificates).contains("answer"))
        let before = try Loopback.residentBytes()
        let hello = try Self.hello()
        var peers: [any Channel] = []
        for _ in 0..<1_000 { peers.append(try await open(running, hello)) }
        let during = try Loopback.residentBytes()
        print("RSS with \(peers.count) handshakes: \((during - before) / 1024) KiB")
        try await eventually("all are closed") { peers.allSatisfy { !$0.isActive } }
        #expect(try await call(running, certificates).contains("answer"))
        try await Loopback.expectBounded(since: before)
      }
    }

    @Test("no more handshakes than allowed run at once", arguments: [2, 3, 4])
    func tooMany(count: Int) async throws {
      var limits = ListeningServer.limits()
      limits.maxHandshakes = 3
      limits.handshakeTimeout = .seconds(3_600)
      try await run(limits) { running, certificates in
        var peers: [any Channel] = []
        for _ in 0..<count { peers.append(try await open(running, [22])) }
        if count > limits.maxHandshakes {
          try await eventually("one too many is closed") { peers.contains { !$0.isActive } }
        }
        // The next one finds room, or is refused.
        let said = try await call(running, certificates)
        #expect(said.contains(count < limits.maxHandshakes ? "answer" : "UNAVAILABLE"), "\(said)")
        for peer in peers { peer.close(promise: nil) }
        try await eventually("the places are free again") {
          try await call(running, certificates).contains("answer")
        }
      }
    }

    @Test(
      "what is not TLS is closed",
      arguments: [
        Array("GET / HTTP/1.1\r\n\r\n".utf8), RawFrame.preface + RawFrame.settings().bytes,
        [22, 3, 1, 255, 255], [UInt8](repeating: 22, count: 20_000),
      ])
    func garbage(bytes: [UInt8]) async throws {
      var limits = ListeningServer.limits()
      limits.handshakeTimeout = .seconds(2)
      try await run(limits) { running, certificates in
        let peer = try await open(running, bytes)
        try await eventually("it is closed") { !peer.isActive }
        #expect(try await call(running, certificates).contains("answer"))
      }
    }

    @Test("a stop does not wait for handshakes")
    func stop() async throws {
      var limits = ListeningServer.limits()
      limits.handshakeTimeout = .seconds(3_600)
      try await run(limits) { running, _ in
        let peer = try await open(running, [22])
        await running.server.shutdown()
        try await eventually("it is closed") { !peer.isActive }
      }
    }
  }
}
