// SPDX-License-Identifier: Apache-2.0

import DevStack
import Domain
import Foundation
import Mail
import Testing

@Suite("Messages as files", .timeLimit(.minutes(5)))
struct CompositionTests {
  /// Sends the messages into a folder and has Python read them.
  private func roundTrip(
    _ messages: [MailMessage], from sender: String = "TrakSense <noreply@traksense.example>"
  ) async throws -> [ReadMessage] {
    let folder = try TemporaryDirectory()
    var files: [String] = []
    for (index, message) in messages.enumerated() {
      let path = "\(folder.path)/\(index)"
      let transport = try DirectoryTransport(
        path: path, sender: #require(Mailbox(sender)), clock: .sample)
      try await transport.send(message)
      let names = try FileManager.default.contentsOfDirectory(atPath: path)
      let name = try #require(names.first)
      #expect(names.count == 1 && name.hasPrefix("20250101120000-") && name.hasSuffix(".eml"))
      files.append("\(path)/\(name)")
    }
    let read = try await ReadMessage.read(files)
    #expect(read.count == messages.count)
    for message in read {
      #expect(message.defects.isEmpty)
      #expect(message.isSevenBit && !message.hasBareLineEnds && message.longestLine <= 78)
      #expect(message.date == 1_735_732_800)
      #expect(
        message.headers == [
          "auto-submitted", "content-transfer-encoding", "content-type", "date", "from",
          "message-id", "mime-version", "subject", "to",
        ])
      #expect(message.messageID.hasSuffix("@traksense.example>"))
    }
    #expect(Set(read.map(\.messageID)).count == messages.count)
    return read
  }

  @Test("keep any subject")
  func subjects() async throws {
    let subjects = [
      "You've been invited to join UMC", "Convite para o Hospital São José — ação necessária",
      "日本語の件名はとても長いので、いくつかの符号化語に分けなければならないのです。それでも同じでなければならない。",
      "👨‍👩‍👧‍👦 family, e\u{301} combining, 🇧🇷 flag " + String(repeating: "🌡️", count: 40),
      "=?UTF-8?B?SGk=?= is not an encoded word", "\"quoted\" <a@b.example>, x: y; z",
      String(repeating: "a", count: 59), String(repeating: "b", count: 60),
      String(repeating: "c", count: 61), String(repeating: "word ", count: 60) + "end",
      " spaces  at both   ends ", "", "=", "?=", "x=20y_z",
    ]
    let read = try await roundTrip(
      subjects.map { try .to("ana@example.com", subject: $0) })
    #expect(read.map(\.subject) == subjects)
  }

  @Test("keep any body")
  func bodies() async throws {
    let everyCharacter = String(
      String.UnicodeScalarView((0x20..<0x7f).compactMap(Unicode.Scalar.init)))
    let bodies =
      [
        "", "\n", "one line\n", "trailing space \nand tab\t\n\n\n", everyCharacter + "\n",
        "Olá João,\nvocê foi convidado para o hospital.\n",
        "日本語の本文です。\n" + String(repeating: "湿度", count: 300) + "\n",
        "From here\n>From there\n.\n..\n=\n==3D=\n", String(repeating: "=", count: 80) + "\n",
        "nul \u{0} bell \u{7} delete \u{7f}\n",
        "https://traksense.example/accept-invite?token=" + String(repeating: "a=b", count: 60)
          + "\n",
      ] + (70...80).map { String(repeating: "x", count: $0) + "\n" }
      + (70...80).map { String(repeating: "x", count: $0) + " \n" }
    let read = try await roundTrip(bodies.map { try .to("ana@example.com", body: $0) })
    #expect(read.map(\.body) == bodies)
    #expect(read[5].encoding == "quoted-printable" && read[6].encoding == "base64")
  }

  @Test("end their lines alike, and the last one too")
  func lineEnds() async throws {
    let read = try await roundTrip(
      ["a\r\nb\rc\nd", "日本語\r\n日本語"].map { try .to("ana@example.com", body: $0) })
    #expect(read.map(\.body) == ["a\nb\nc\nd\n", "日本語\n日本語\n"])
  }

  @Test("name sender and recipient")
  func names() async throws {
    let names = [
      "Ana", "Ana \"Aninha\" O\\Neil, Dr.", "João Ação", "山田 太郎", "a@b.example",
      "=?x?=",
    ]
    let read = try await roundTrip(
      names.map { try .to("ana@example.com", name: $0) }
        + [.to("ana@example.com"), .to("ana@example.com", name: "")],
      from: "\"Alarme é\" <noreply@traksense.example>")
    #expect(read.map(\.recipients) == (names + ["", ""]).map { [[$0, "ana@example.com"]] })
    // Python's reader of addresses puts a blank between encoded words, against RFC 2047 §6.2; its older one does not.
    let long = String(repeating: "Maria de ", count: 20) + "Jesus"
    let longRead = try await roundTrip([.to("ana@example.com", name: long)])
    #expect(longRead.map(\.recipientText) == ["\(long) <ana@example.com>"])
    #expect(read.allSatisfy { $0.senders == [["Alarme é", "noreply@traksense.example"]] })
  }

  @Test(
    "refuse a header with a line break or another control character",
    arguments: ["\r\n", "\n", "\r", "\0", "\t", "\u{7f}", "\u{85}", "\u{2028}", "é\n"])
  func injection(breaking: String) async throws {
    let folder = try TemporaryDirectory()
    let transport = try DirectoryTransport(
      path: "\(folder.path)/mail", sender: .sample, clock: .sample)
    let evil = "Hello\(breaking)Bcc: victim@example.com"
    for message in [
      try MailMessage.to("ana@example.com", subject: evil), try .to("ana@example.com", name: evil),
    ] {
      #expect(
        await failure(transport, message)
          == .permanent("a header with a line break or another control character"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/mail").isEmpty)
    #expect(EmailAddress("ana@example.com\(breaking)x") == nil)
  }

  @Test("do not begin with an address that is beyond ASCII")
  func addresses() {
    #expect(Mailbox("joão@example.com") == nil)
    #expect(Mailbox("TrakSense <noreply@exämple.com>") == nil)
    #expect(Mailbox("TrakSense <noreply@example.com> x") == nil)
    #expect(Mailbox("<noreply@example.com>")?.name == nil)
    #expect(Mailbox("  noreply@example.com ")?.address.rawValue == "noreply@example.com")
    #expect(Mailbox("A, B <noreply@example.com>")?.name == "A, B")
  }

  @Test("fall on the right day of the week")
  func dates() async throws {
    let folder = try TemporaryDirectory()
    for (text, expected) in [
      ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000"),
      ("1969-12-31T23:59:59.5Z", "Wed, 31 Dec 1969 23:59:59 +0000"),
      ("2024-02-29T23:59:59.999999Z", "Thu, 29 Feb 2024 23:59:59 +0000"),
      ("2026-11-23T01:02:03Z", "Mon, 23 Nov 2026 01:02:03 +0000"),
    ] {
      let time = try #require(Timestamp(rfc3339: text))
      let path = "\(folder.path)/\(expected)"
      let transport = try DirectoryTransport(
        path: path, sender: .sample, clock: WallClock { time })
      try await transport.send(.to("ana@example.com"))
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: path).first)
      let file = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
      #expect(file.contains("Date: \(expected)\r\n"))
    }
  }

  @Test("do not show in descriptions")
  func redacted() throws {
    let message = try MailMessage.to("ana@example.com", subject: "secret", body: "secret")
    #expect("\(message)" == "(redacted)" && String(reflecting: message) == "(redacted)")
  }
}
