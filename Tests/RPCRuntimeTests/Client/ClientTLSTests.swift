// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import NIOCore
import NIOSSL
import Testing

@testable import RPCRuntime

@Suite("A client over TLS and Unix-domain sockets", .timeLimit(.minutes(1)))
struct ClientTLSTests {
  /// Certificates that openssl(1) made: two authorities, a server's for `localhost` and 127.0.0.1, a
  /// client's.
  struct Certificates {
    let folder: TemporaryDirectory

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    var serverArguments: [String] {
      ["--cert", path("server.pem"), "--key", path("server.key")]
    }

    var identity: ClientTLS.Identity {
      ClientTLS.Identity(
        certificateChainFile: path("client.pem"), privateKeyFile: path("client.key"))
    }

    init() async throws {
      folder = try TemporaryDirectory()
      for authority in ["ca", "other-ca"] {
        try await openssl([
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
          "/CN=\(authority)", "-keyout", path("\(authority).key"), "-out",
          path("\(authority).pem"),
        ])
      }
      try await issue("server", "subjectAltName=DNS:localhost,DNS:server.test,IP:127.0.0.1")
      try await issue("client", "extendedKeyUsage=clientAuth")
    }

    private func issue(_ name: String, _ extensions: String) async throws {
      try Data(extensions.utf8).write(to: URL(filePath: path("\(name).ext")))
      try await openssl([
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=the \(name)", "-keyout",
        path("\(name).key"), "-out", path("\(name).csr"),
      ])
      try await openssl([
        "x509", "-req", "-in", path("\(name).csr"), "-CA", path("ca.pem"), "-CAkey",
        path("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", path("\(name).ext"), "-out",
        path("\(name).pem"),
      ])
    }

    private func openssl(_ arguments: [String]) async throws {
      var command = ChildProcess.Command("/usr/bin/openssl", arguments)
      command.logFile = path("openssl.log")
      try await ChildProcess.run(command)
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
    let trusted = ClientTLS.Roots.file(certificates.path("ca.pem"))
    let other = ClientTLS.Roots.file(certificates.path("other-ca.pem"))
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
      try await outcome("127.0.0.1", ClientTLS(roots: trusted, serverName: "server.test")) == "ok")
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
      name: "m", certificates.serverArguments + ["--ca", certificates.path("ca.pem")])
    let roots = ClientTLS.Roots.file(certificates.path("ca.pem"))
    let target = ClientTarget.host("localhost", port: server.port)
    let identified = ClientTLS(roots: roots, identity: certificates.identity)
    try await withClient(target, Self.configuration(identified)) { client async throws in
      #expect(try await client.ask(Self.who).hasPrefix("m|the client|"))
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
    var command = ChildProcess.Command(
      "/usr/bin/openssl",
      [
        "s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificates.path("server.pem"),
        "-key", certificates.path("server.key"), "-quiet",
      ])
    command.logFile = certificates.path("s_server.log")
    let process = try ChildProcess(command)
    let tls = ClientTLS(roots: .file(certificates.path("ca.pem")))
    try await withClient(.host("localhost", port: port), Self.configuration(tls)) {
      client async throws in
      try await eventually("the refusal says why") {
        let error = await client.failure(Self.who)
        return error?.code == .unavailable && error?.message.contains("ALPN") == true
      }
    }
    _ = await process.kill()
  }

  @Test("a cleartext server is no TLS server, and the other way round")
  func mixedUp() async throws {
    let certificates = try await Certificates()
    let plain = try await NamedServer("plain")
    let tls = ClientTLS(roots: .file(certificates.path("ca.pem")))
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
    let missing = ClientTLS(roots: .file(certificates.path("missing.pem")))
    var noKey = ClientTLS(identity: certificates.identity)
    noKey.identity?.privateKeyFile = certificates.path("client.csr")
    for tls in [missing, noKey] {
      let error = await #expect(throws: RPCError.self) {
        try await withClient(.host("localhost", port: 1), Self.configuration(tls)) { _ in }
      }
      #expect(error?.code == .failedPrecondition)
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
