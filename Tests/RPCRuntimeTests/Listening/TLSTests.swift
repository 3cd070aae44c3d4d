// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("TLS", .timeLimit(.minutes(5)))
struct TLSTests {
  /// A TLS server beside a cleartext one (listeners 0 and 1).
  private func run(
    _ authentication: ServerTLSConfiguration.ClientAuthentication = .none,
    _ body: (ListeningServer, TestCertificates, _ authority: String) async throws -> Void
  ) async throws {
    let certificates = try TestCertificates()
    let authority = try await certificates.authority("authority")
    let server = try await certificates.server(by: authority)
    let tls = ServerTLSConfiguration(
      certificateChainFile: server.certificate, privateKeyFile: server.key,
      clientAuthentication: authentication)
    try await ListeningServer.run([.loopback(tls), .loopback]) { running in
      try await body(running, certificates, authority.certificate)
    }
  }

  @Test("grpcio calls over TLS, and in cleartext beside it")
  func grpcio() async throws {
    try await run { running, certificates, authority in
      let secure = try Run.echo(
        "localhost:\(try running.port())", ["call", "--ca", authority])
      let plain = try Run.echo("localhost:\(try running.port(1))", ["call"])
      #expect(try await secure.succeed().contains(#"{"answer": "hello"}"#))
      #expect(try await plain.succeed().contains(#"{"answer": "hello"}"#))
    }
  }

  @Test("curl negotiates h2 and gets an answer")
  func curl() async throws {
    try await run { running, certificates, authority in
      let body = certificates.path("request")
      try Data(RawFrame.message("hello")).write(to: URL(filePath: body))
      let output = try await Run(
        Tool.named("curl"),
        [
          "-sv", "--http2", "--cacert", authority, "-H", "content-type: application/grpc", "-H",
          "te: trailers", "--data-binary", "@\(body)", "--output", certificates.path("answer"),
          "https://localhost:\(try running.port())\(EchoService.say.path)",
        ]
      ).succeed()
      #expect(output.contains("ALPN: server accepted h2"), "\(output)")
      #expect(output.contains("grpc-status: 0"), "\(output)")
      let answer = try Data(contentsOf: URL(filePath: certificates.path("answer")))
      #expect(Array(answer) == RawFrame.message("hello"))
    }
  }

  @Test("gRPC-Web is served behind TLS, over what was negotiated", arguments: ["h2", "http/1.1"])
  func web(spoken: String) async throws {
    try await run { running, certificates, authority in
      let body = certificates.path("request")
      try Data(RawFrame.message("hello")).write(to: URL(filePath: body))
      let output = try await Run(
        Tool.named("curl"),
        [
          "-sv", spoken == "h2" ? "--http2" : "--http1.1", "--cacert", authority, "-H",
          "content-type: application/grpc-web", "--data-binary", "@\(body)", "--output",
          certificates.path("answer"),
          "https://localhost:\(try running.port())\(EchoService.say.path)",
        ]
      ).succeed()
      #expect(output.contains("ALPN: server accepted \(spoken)"), "\(output)")
      let answer = try Data(contentsOf: URL(filePath: certificates.path("answer")))
      #expect(answer.starts(with: RawFrame.message("hello")))
      #expect(String(decoding: answer, as: UTF8.self).contains("grpc-status: 0\r\n"))
    }
  }

  @Test(
    "a client that negotiates no protocol that is served is closed",
    arguments: [[], ["-alpn", "spdy/3"]])
  func otherProtocols(arguments: [String]) async throws {
    try await run { running, certificates, authority in
      // A client that went on would wait for an answer for ever.
      let client = try await client(running, certificates, arguments + ["-ign_eof"])
      #expect(client.contains("No ALPN negotiated"), "\(client)")
      let other = try Run.echo(
        "localhost:\(try running.port())", ["call", "--ca", authority])
      #expect(try await other.succeed().contains("answer"))
    }
  }

  @Test(
    "TLS 1.2 and 1.3 are served with ciphers fit for HTTP/2 (RFC 9113 §9.2)",
    arguments: [
      ["-tls1_3"], ["-tls1_2"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
      ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    ])
  func accepted(arguments: [String]) async throws {
    try await run { running, certificates, _ in
      let output = try await client(running, certificates, arguments + ["-alpn", "h2"])
      #expect(output.contains("ALPN protocol: h2"), "\(output)")
      #expect(output.contains("Verify return code: 0 (ok)"), "\(output)")
    }
  }

  @Test("gRPC-Web over HTTP/1.1 can be negotiated, h2 is preferred")
  func http1() async throws {
    try await run { running, certificates, _ in
      for (offered, chosen) in [("http/1.1", "http/1.1"), ("http/1.1,h2", "h2")] {
        let output = try await client(running, certificates, ["-alpn", offered])
        #expect(output.contains("ALPN protocol: \(chosen)"), "\(output)")
      }
    }
  }

  @Test(
    "older versions and weaker ciphers are refused",
    arguments: [
      ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], ["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
      ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
    ])
  func refused(arguments: [String]) async throws {
    try await run { running, certificates, _ in
      let output = try await client(
        running, certificates, arguments + ["-alpn", "h2"], fails: true)
      #expect(output.contains("alert"), "\(output)")
      #expect(!output.contains("ALPN protocol: h2"), "\(output)")
    }
  }

  @Test("files that TLS cannot be served with are told apart")
  func badFiles() async throws {
    let certificates = try TestCertificates()
    let authority = try await certificates.authority("authority")
    let server = try await certificates.server(by: authority)
    let good = ServerTLSConfiguration(
      certificateChainFile: server.certificate, privateKeyFile: server.key)
    func error(_ change: (inout ServerTLSConfiguration) -> Void) -> ServerTLSError? {
      var configuration = good
      change(&configuration)
      return #expect(throws: ServerTLSError.self) { _ = try ServerTLS(configuration) }
    }
    let missing = certificates.path("missing")
    #expect(
      error { $0.certificateChainFile = missing }
        == ServerTLSError(file: missing, reason: "No such file or directory"))
    #expect(error { $0.certificateChainFile = server.key }?.file == server.key)
    #expect(error { $0.privateKeyFile = server.certificate }?.file == server.certificate)
    #expect(error { $0.privateKeyFile = authority.key }?.reason.contains("does not belong") == true)
    #expect(
      error { $0.clientAuthentication = .required(authorities: server.key) }?.file == server.key)
    #expect(error { $0.clientAuthentication = .optional(authorities: missing) }?.file == missing)
    _ = try ServerTLS(good)
  }

  /// Runs `openssl s_client`.
  private func client(
    _ running: ListeningServer, _ certificates: TestCertificates, _ arguments: [String],
    fails: Bool = false
  ) async throws -> String {
    let client = try Run(
      Tool.named("openssl"),
      [
        "s_client", "-connect", "127.0.0.1:\(try running.port())", "-CAfile",
        certificates.path("authority.pem"),
      ] + arguments
    )
    let exit = try await client.end()
    #expect((exit == .exited(0)) == !fails, "\(client.output)")
    return client.output
  }
}
