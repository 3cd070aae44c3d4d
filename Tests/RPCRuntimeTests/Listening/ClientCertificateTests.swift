// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Client certificates", .timeLimit(.minutes(5)))
struct ClientCertificateTests {
  private struct Setting {
    let running: ListeningServer
    let certificates: TestCertificates
    let authority: TestCertificates.Pair

    /// Asks the server who it takes the caller for.
    func ask(as client: TestCertificates.Pair?) async throws -> String {
      var arguments = ["call", "--method", "WhoAmI", "--ca", authority.certificate]
      if let client { arguments += ["--cert", client.certificate, "--key", client.key] }
      return try await Run.echo(
        "localhost:\(try running.port())", arguments
      ).succeed()
    }
  }

  private enum Mode: String, CaseIterable {
    case none, optional, required
  }

  private func run(
    _ mode: Mode, _ body: (Setting) async throws -> Void
  ) async throws {
    let certificates = try TestCertificates()
    let authority = try await certificates.authority("authority")
    let server = try await certificates.server(by: authority)
    let file = authority.certificate
    let tls = ServerTLSConfiguration(
      certificateChainFile: server.certificate, privateKeyFile: server.key,
      clientAuthentication: mode == .none
        ? .none : mode == .optional ? .optional(authorities: file) : .required(authorities: file))
    try await ListeningServer.run([.loopback(tls)]) { running in
      try await body(Setting(running: running, certificates: certificates, authority: authority))
    }
  }

  @Test("the handler sees who the caller is", arguments: [Mode.optional, .required])
  private func identity(mode: Mode) async throws {
    try await run(mode) { setting in
      let names = "DNS:pump.test,DNS:www.pump.test,URI:spiffe://test/ns/a/sa/pump"
      let client = try await setting.certificates.client(
        "pump", by: setting.authority, names: names, serial: 0x2a0b)
      let said = try await setting.ask(as: client)
      let expected =
        "cn=pump dns=pump.test,www.pump.test uri=spiffe://test/ns/a/sa/pump "
        + "spiffe=spiffe://test/ns/a/sa/pump serial=2a0b issuer=authority"
      #expect(said.contains(expected), "\(said)")
    }
  }

  @Test("two URIs are no SPIFFE identity")
  func twoURIs() async throws {
    try await run(.required) { setting in
      let client = try await setting.certificates.client(
        "two", by: setting.authority, names: "URI:spiffe://test/a,URI:spiffe://test/b")
      let said = try await setting.ask(as: client)
      #expect(said.contains("uri=spiffe://test/a,spiffe://test/b spiffe= "), "\(said)")
    }
  }

  @Test("who shows no certificate is nobody, or refused", arguments: Mode.allCases)
  private func without(mode: Mode) async throws {
    try await run(mode) { setting in
      let said = try await setting.ask(as: nil)
      #expect(said.contains(mode == .required ? "UNAVAILABLE" : "nobody"), "\(said)")
      #expect(setting.running.service.calls.load(ordering: .relaxed) == (mode == .required ? 0 : 1))
    }
  }

  @Test("a certificate that is not asked for is not believed")
  func notAsked() async throws {
    try await run(.none) { setting in
      let stranger = try await setting.certificates.authority("stranger")
      let client = try await setting.certificates.client("c", by: stranger)
      #expect(try await setting.ask(as: client).contains("nobody"))
    }
  }

  @Test(
    "a wrong certificate is refused at the handshake",
    arguments: [Mode.optional, .required], ["stranger", "expired", "server's"])
  private func wrong(mode: Mode, kind: String) async throws {
    try await run(mode) { setting in
      let certificates = setting.certificates
      let client =
        switch kind {
        case "stranger":
          try await certificates.client("c", by: try await certificates.authority("stranger"))
        case "expired": try await certificates.expiredClient("c", by: setting.authority)
        default: try await certificates.server("c", by: setting.authority)
        }
      let said = try await setting.ask(as: client)
      #expect(said.contains("UNAVAILABLE"), "\(said)")
      #expect(setting.running.service.calls.load(ordering: .relaxed) == 0)
      let right = try await certificates.client("right", by: setting.authority)
      #expect(try await setting.ask(as: right).contains("cn=right"))
    }
  }

  @Test("a resumed session is still somebody's", arguments: ["-tls1_2", "-tls1_3"])
  func resumption(version: String) async throws {
    try await run(.required) { setting in
      let certificates = setting.certificates
      let client = try await certificates.client("again", by: setting.authority)
      let session = certificates.path("session")
      func connect(_ arguments: [String]) async throws -> String {
        // The server closes when there is no preface; until then, a TLS 1.3 ticket has come.
        let peer = try Run(
          Tool.named("openssl"),
          [
            "s_client", "-connect", "127.0.0.1:\(try setting.running.port())", "-CAfile",
            setting.authority.certificate, "-cert", client.certificate, "-key", client.key,
            "-alpn", "h2", version, "-ign_eof",
          ] + arguments, input: Array("no preface\n".utf8)
        )
        _ = try await peer.end()
        return peer.output
      }
      #expect(try await connect(["-sess_out", session]).contains("New, TLS"))
      let second = try await connect(["-sess_in", session])
      #expect(second.contains("Reused, TLS"), "\(second)")
    }
  }
}
