// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import NIOCore
import NIOSSL
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("A client over TLS and Unix-domain sockets", .timeLimit(.minutes(5)))
struct ClientTLSTests {
  /// Two authorities; what the first has issued to a server, for `localhost` and 127.0.0.1, and to a client.
  private struct Certificates {
    let all: TestCertificates
    let authority: TestCertificates.Pair
    let other: TestCertificates.Pair
    let server: TestCertificates.Pair
    let client: TestCertificates.Pair

    init() async throws {
      all = try TestCertificates()
      authority = try await all.authority("ca")
      other = try await all.authority("other-ca")
      server = try await all.server(by: authority)
      client = try await all.client("someone", by: authority)
    }

    var serverArguments: [String] { ["--cert", server.certificate, "--key", server.key] }

    var roots: ClientTLS.Roots { .file(authority.certificate) }

    var identity: ClientTLS.Identity {
      ClientTLS.Identity(certificateChainFile: client.certificate, privateKeyFile: client.key)
    }
  }

  private static let who = ForeignServer.method("Who")

  private static func configuration(_ tls: ClientTLS) -> ClientConfiguration {
    var configuration = ClientConfiguration.quick
    configuration.tls = tls
    return configuration
  }

  @Test("the server's certificate counts when its authority and its name are right")
  func server() async throws {
    let certificates = try await Certificates()
    let server = try await ForeignServer(certificates.serverArguments)
    let trusted = certificates.roots
    let other = ClientTLS.Roots.file(certificates.other.certificate)
    func outcome(_ host: String, _ tls: ClientTLS) async throws -> String {
      var outcome = ""
      try await withClient(.host(host, port: server.port), Self.configuration(tls)) {
        client async throws in
        outcome = await client.failure(Self.who)?.description ?? "ok"
      }
      return outcome
    }
    #expect(try await outcome("localhost", ClientTLS(roots: trusted)) == "ok")
    #expect(try await outcome("127.0.0.1", ClientTLS(roots: trusted)) == "ok")
    #expect(
      try await outcome("127.0.0.1", ClientTLS(roots: trusted, serverName: "localhost")) == "ok")
    let wrongName = try await outcome(
      "127.0.0.1", ClientTLS(roots: trusted, serverName: "other.test"))
    #expect(wrongName.hasPrefix("unavailable"))
    #expect(
      try await outcome(
        "127.0.0.1",
        ClientTLS(roots: trusted, serverName: "other.test", verifiesHostname: false)) == "ok")
    for roots in [other, .system] {
      let untrusted = try await outcome("localhost", ClientTLS(roots: roots))
      #expect(untrusted.hasPrefix("unavailable"))
      #expect(untrusted.contains("CERTIFICATE_VERIFY_FAILED"))
    }
    await server.stop()
  }

  @Test("a certificate's names are host names, with a star for a whole first label at most")
  func names() {
    let right = [
      ("a.example", "A.Example"), ("a.example.", "a.example"), ("*.b.example", "a.b.example"),
    ]
    for (pattern, name) in right {
      #expect(NIOSSLCertificate.covers(Array(pattern.utf8), name), "\(pattern)")
    }
    let wrong = [
      ("*.b.example", "b.example"), ("*.b.example", "c.a.b.example"), ("*.example", "a.example"),
      ("a*.b.example", "ab.b.example"), ("*", "a"), ("", "a"), ("a.example", "a.examples"),
    ]
    for (pattern, name) in wrong {
      #expect(!NIOSSLCertificate.covers(Array(pattern.utf8), name), "\(pattern)")
    }
  }

  @Test("the server learns who the client is, and can insist on it")
  func mutual() async throws {
    let certificates = try await Certificates()
    let server = try await ForeignServer(
      name: "m", certificates.serverArguments + ["--ca", certificates.authority.certificate])
    let roots = certificates.roots
    let target = ClientTarget.host("localhost", port: server.port)
    let identified = ClientTLS(roots: roots, identity: certificates.identity)
    try await withClient(target, Self.configuration(identified)) { client async throws in
      #expect(try await client.ask(Self.who).hasPrefix("m|someone|"))
    }
    try await withClient(target, Self.configuration(ClientTLS(roots: roots))) {
      client async throws in
      #expect(await client.failure(Self.who)?.code == .unavailable)
    }
    await server.stop()
  }

  @Test("a server that does not agree on h2 is refused")
  func withoutALPN() async throws {
    let certificates = try await Certificates()
    let port = Int(try FreePort.find())
    let server = try Run(
      Tool.named("openssl"),
      [
        "s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificates.server.certificate,
        "-key", certificates.server.key, "-quiet",
      ])
    let tls = ClientTLS(roots: certificates.roots)
    try await withClient(.host("localhost", port: port), Self.configuration(tls)) {
      client async throws in
      try await eventually("the refusal says why") {
        let error = await client.failure(Self.who)
        return error?.code == .unavailable && error?.message.contains("ALPN") == true
      }
    }
    _ = await server.child.kill()
  }

  @Test("a cleartext server is no TLS server, and the other way round")
  func mixedUp() async throws {
    let certificates = try await Certificates()
    let plain = try await NamedServer("plain")
    let tls = ClientTLS(roots: certificates.roots)
    try await withClient(plain.target, Self.configuration(tls)) { client async throws in
      #expect(await client.failure(NamedServer.name)?.code == .unavailable)
    }
    await plain.stop()
    let secure = try await ForeignServer(certificates.serverArguments)
    try await withClient(secure.target) { client async throws in
      #expect(await client.failure(Self.who)?.code == .unavailable)
    }
    await secure.stop()
  }

  @Test("files that cannot be used are an error of the client's making")
  func badFiles() async throws {
    let certificates = try await Certificates()
    let missing = ClientTLS(roots: .file(certificates.all.path("missing.pem")))
    var noKey = ClientTLS(identity: certificates.identity)
    noKey.identity?.privateKeyFile = certificates.client.certificate
    for tls in [missing, noKey] {
      let error = await #expect(throws: RPCError.self) {
        try await withClient(.host("localhost", port: 1), Self.configuration(tls)) { _ in }
      }
      #expect(error?.code == .failedPrecondition)
    }
  }

  @Test("our own server: mutual TLS over TCP, and a Unix-domain socket beside it")
  func ownServer() async throws {
    let certificates = try await Certificates()
    let path = certificates.all.path("own.sock")
    let server = ServerTLSConfiguration(
      certificateChainFile: certificates.server.certificate,
      privateKeyFile: certificates.server.key,
      clientAuthentication: .required(authorities: certificates.authority.certificate))
    let listeners = [try .loopback(server), ListenerConfiguration(.unix(path: path))]
    try await ListeningServer.run(listeners) { running in
      let target = ClientTarget.host("localhost", port: try running.port())
      let identified = ClientTLS(roots: certificates.roots, identity: certificates.identity)
      try await withClient(target, Self.configuration(identified)) { client async throws in
        #expect(try await client.ask(EchoService.whoAmI).contains("cn=someone"))
        // Many records of TLS in each direction.
        let call = try await client.open(EchoService.chat, options: CallOptions())
        var answers = call.responses.makeAsyncIterator()
        for _ in 0..<3 {
          try await call.requests.write(MessageFrame { $0.writeRepeatingByte(7, count: 1_000_000) })
          #expect(try await answers.next()?.readableBytes == 1_000_000)
        }
        await call.requests.finish()
      }
      let unknown = ClientTLS(roots: certificates.roots)
      try await withClient(target, Self.configuration(unknown)) { client async throws in
        #expect(await client.failure(EchoService.whoAmI)?.code == .unavailable)
      }
      try await withClient(.unixSocket(path: path)) { client async throws in
        #expect(try await client.ask(EchoService.whoAmI) == "nobody")
      }
    }
  }

  @Test("a Unix-domain socket is a target like another")
  func unixSocket() async throws {
    let folder = try TemporaryDirectory()
    let path = "\(folder.path)/grpc.sock"
    let server = try await ForeignServer(address: "unix:\(path)", name: "u")
    try await withClient(.unixSocket(path: path)) { client async throws in
      #expect(try await client.ask(Self.who).hasPrefix("u||unix:"))
      await server.kill()
      try await eventually("the server is gone") { client.state == .transientFailure }
      let error = await client.failure(Self.who)
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains(path) == true)
    }
  }
}
