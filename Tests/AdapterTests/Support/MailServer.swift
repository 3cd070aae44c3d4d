// SPDX-License-Identifier: Apache-2.0

import Curl
import DevStack
import Domain
import Foundation
import Mail
import TestSupport
import Testing

/// aiosmtpd, for the time of one test: `Foreign/smtp.py`.
struct MailServer {
  let port: UInt16
  private let server: Run
  /// Where it keeps the messages.
  private let folder: TemporaryDirectory

  private struct Listening: Decodable {
    let port: UInt16
  }

  /// What the server says of a message.
  struct Receipt: Decodable {
    let number: Int
    let from: String
    let to: [String]
    let hello: String
    let isEncrypted: Bool
    let isAuthenticated: Bool
  }

  init(_ arguments: [String] = [], certificate: TestCertificate? = nil) async throws {
    let secrets = certificate.map { ["--certificate", $0.certificate, "--key", $0.key] } ?? []
    let folder = try TemporaryDirectory()
    let server = try Run.script("smtp.py", [folder.path] + arguments + secrets)
    var port: UInt16?
    try await server.wait(for: "the port") {
      port = server.lines(Listening.self).first?.port
      return port != nil
    }
    self.port = try #require(port)
    self.server = server
    self.folder = folder
  }

  var receipts: [Receipt] { server.lines(Receipt.self) }

  /// The messages, as Python's email package reads them.
  func messages() async throws -> [ReadMessage] {
    try await ReadMessage.read(receipts.map { "\(folder.path)/\($0.number).eml" })
  }

  func kill() async { await server.child.kill() }

  func transport(
    _ encryption: SMTPConfiguration.Encryption = .none, user: String? = nil,
    password: String? = nil, trusting certificate: TestCertificate? = nil,
    timeout: Duration = .seconds(30)
  ) throws -> SMTPTransport {
    try .make(
      port: port, encryption, user: user, password: password, trusting: certificate,
      timeout: timeout)
  }
}

extension SMTPTransport {
  static func make(
    port: UInt16, _ encryption: SMTPConfiguration.Encryption = .none, user: String? = nil,
    password: String? = nil, trusting certificate: TestCertificate? = nil,
    timeout: Duration = .seconds(30)
  ) throws -> SMTPTransport {
    var configuration = try SMTPConfiguration(
      host: "127.0.0.1", port: port, encryption: encryption, user: user, password: password,
      sender: .sample)
    configuration.certificateAuthorities = certificate?.certificate
    configuration.timeout = timeout
    return SMTPTransport(configuration, client: try CurlClient(), clock: .sample)
  }
}

extension WallClock {
  /// 2025-01-01T12:00:00Z, a Wednesday.
  static let sample = WallClock { Timestamp(microseconds: 1_735_732_800_000_000) }
}

extension Mailbox {
  static var sample: Mailbox {
    get throws { try #require(Mailbox("TrakSense <noreply@traksense.example>")) }
  }
}

extension MailMessage {
  static func to(
    _ recipient: String, name: String? = nil, subject: String = "Subject", body: String = "Text\n"
  ) throws -> MailMessage {
    MailMessage(
      recipient: try #require(EmailAddress(recipient)), recipientName: name, subject: subject,
      body: body)
  }
}

/// A message as Python's email package reads it: `Foreign/eml.py`.
struct ReadMessage: Decodable {
  let subject: String
  let body: String
  /// The `To` field without its encoding.
  let recipientText: String
  /// Display name and address.
  let recipients: [[String]]
  let senders: [[String]]
  let date: Double
  let messageID: String
  let headers: [String]
  let encoding: String
  let defects: [String]
  let longestLine: Int
  let isSevenBit: Bool
  let hasBareLineEnds: Bool

  static func read(_ files: [String]) async throws -> [ReadMessage] {
    let run = try Run.script("eml.py", files)
    try await run.succeed()
    return run.lines(ReadMessage.self)
  }
}

/// How sending failed; nil: it did not.
func failure(
  _ transport: some MailTransport, _ message: MailMessage
) async -> MailError? {
  do throws(MailError) {
    try await transport.send(message)
    return nil
  } catch {
    return error
  }
}
