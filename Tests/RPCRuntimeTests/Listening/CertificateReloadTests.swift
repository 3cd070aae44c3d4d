// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Certificate reload", .timeLimit(.minutes(5)))
struct CertificateReloadTests {
  private struct Setting {
    let running: ListeningServer
    let certificates: TestCertificates
    let authority: TestCertificates.Pair
    let log: LogRecord

    /// Number of the certificate that a new connection gets.
    func serial() async throws -> String {
      let client = try Run(
        Tool.named("openssl"),
        [
          "s_client", "-connect", "127.0.0.1:\(try running.port())", "-CAfile",
          authority.certificate, "-alpn", "h2",
        ]
      )
      _ = try await client.end()
      let pem = certificates.path("shown.pem")
      try Data(client.output.utf8).write(to: URL(filePath: pem))
      let shown = try await Run(
        Tool.named("openssl"), ["x509", "-in", pem, "-noout", "-serial"]
      ).succeed()
      return shown.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Puts a new certificate where the server's is.
    func replace(serial: Int) async throws {
      let next = try await certificates.server("next", by: authority, serial: serial)
      for (new, old) in [(next.key, "server.key"), (next.certificate, "server.pem")] {
        try Data(contentsOf: URL(filePath: new)).write(
          to: URL(filePath: certificates.path(old)), options: .atomic)
      }
    }
  }

  private func run(
    every interval: Duration = .seconds(3_600), _ body: (Setting) async throws -> Void
  ) async throws {
    let certificates = try TestCertificates()
    let authority = try await certificates.authority("authority")
    let server = try await certificates.server(by: authority, serial: 1)
    let tls = ServerTLSConfiguration(
      certificateChainFile: server.certificate, privateKeyFile: server.key)
    let limits = ListeningServer.limits { $0.certificateCheckInterval = .init(interval) }
    let log = LogRecord()
    try await ListeningServer.run([.loopback(tls)], limits, logger: log.logger) { running in
      try await body(
        Setting(running: running, certificates: certificates, authority: authority, log: log))
    }
  }

  @Test("a running stream goes on, and new connections get the new certificate")
  func reload() async throws {
    try await run { setting in
      let certificates = setting.certificates
      let stop = certificates.path("stop")
      let chat = try Run.echo(
        "localhost:\(try setting.running.port())",
        ["chat", "--ca", setting.authority.certificate, "--until", stop])
      try await chat.waitFor(#"{"echoes": 1}"#)
      #expect(try await setting.serial() == "serial=01")
      try await setting.replace(serial: 2)
      #expect(try await setting.serial() == "serial=01")
      setting.running.server.reloadCertificates()
      #expect(try await setting.serial() == "serial=02")
      let echoes = chat.output.split(separator: "\n").count
      try await chat.waitFor(#"{"echoes": \#(echoes + 10)}"#)
      try Data().write(to: URL(filePath: stop))
      #expect(try await chat.succeed().contains("done"))
    }
  }

  @Test("a changed file is noticed")
  func noticed() async throws {
    try await run(every: .milliseconds(100)) { setting in
      #expect(try await setting.serial() == "serial=01")
      try await setting.replace(serial: 3)
      try await eventually("the new certificate is in use") {
        try await setting.serial() == "serial=03"
      }
    }
  }

  @Test("a broken file is logged once, and what was in use stays", arguments: ["pem", "key"])
  func broken(file: String) async throws {
    try await run(every: .milliseconds(50)) { setting in
      let path = URL(filePath: setting.certificates.path("server.\(file)"))
      try Data("-----BEGIN NONSENSE-----".utf8).write(to: path, options: .atomic)
      try await eventually("the error is logged") { setting.log.errors == 1 }
      #expect(try await setting.serial() == "serial=01")
      // Several looks later.
      try await Task.sleep(for: .milliseconds(500))
      #expect(setting.log.errors == 1)
      try await setting.replace(serial: 4)
      try await eventually("the mended certificate is in use") {
        try await setting.serial() == "serial=04"
      }
    }
  }
}

/// Keeps what is logged.
final class LogRecord: Sendable {
  private let levels = Mutex<[Logger.Level]>([])

  var errors: Int { levels.withLock { $0.count { $0 == .error } } }

  var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }

  private struct Handler: LogHandler {
    let record: LogRecord
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      record.levels.withLock { $0.append(event.level) }
    }
  }
}
