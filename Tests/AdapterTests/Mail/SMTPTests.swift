// SPDX-License-Identifier: Apache-2.0

import Curl
import DevStack
import Domain
import Mail
import Testing

@Suite("Mail to an SMTP server", .timeLimit(.minutes(5)))
struct SMTPTests {
  @Test("arrives with its subject, its body and nothing else")
  func plain() async throws {
    let server = try await MailServer()
    let transport = try server.transport()
    let bodies = [
      "Hello,\n\nyou have been invited.\n",
      // What SMTP itself is made of (RFC 5321 §4.5.2).
      ".\n..\n...three\n.\nMAIL FROM:<x@y>\n.\n", ".begins with a dot\n", "\n.\n", ".\n",
      String(repeating: "0123456789", count: 300) + "\n" + String(repeating: ".", count: 200)
        + "\n",
    ]
    for body in bodies {
      try await transport.send(.to("ana@example.com", name: "Ana", subject: "Invite", body: body))
    }
    let messages = try await server.messages()
    #expect(messages.map(\.body) == bodies)
    #expect(messages.allSatisfy { $0.subject == "Invite" && $0.defects.isEmpty })
    let receipts = server.receipts
    #expect(receipts.allSatisfy { $0.from == "noreply@traksense.example" })
    #expect(receipts.allSatisfy { $0.to == ["ana@example.com"] })
    #expect(receipts.allSatisfy { $0.hello == "traksense.example" && !$0.isEncrypted })
  }

  @Test("arrives when it is large")
  func large() async throws {
    let server = try await MailServer()
    let body = String(repeating: "Zeile mit Umlaut ä und Text dahinter\n", count: 20_000)
    try await server.transport().send(.to("ana@example.com", body: body))
    #expect(try await server.messages().map(\.body) == [body])
  }

  @Test("goes through STARTTLS with a login")
  func startTLS() async throws {
    let certificate = try await TestCertificate()
    let server = try await MailServer(
      ["--tls", "starttls", "--login", "trak:geheim"], certificate: certificate)
    let transport = try server.transport(
      .startTLS, user: "trak", password: "geheim", trusting: certificate)
    try await transport.send(.to("ana@example.com", body: ".\n"))
    let receipt = try #require(server.receipts.first)
    #expect(receipt.isEncrypted && receipt.isAuthenticated)
    #expect(try await server.messages().first?.body == ".\n")
  }

  @Test("goes over TLS from the first byte")
  func implicitTLS() async throws {
    let certificate = try await TestCertificate()
    let server = try await MailServer(["--tls", "implicit"], certificate: certificate)
    try await server.transport(.tls, trusting: certificate).send(.to("ana@example.com"))
    #expect(server.receipts.first?.isEncrypted == true)
  }

  @Test("is refused for good when the password is wrong")
  func wrongPassword() async throws {
    let certificate = try await TestCertificate()
    let server = try await MailServer(
      ["--tls", "starttls", "--login", "trak:geheim"], certificate: certificate)
    let transport = try server.transport(
      .startTLS, user: "trak", password: "falsch", trusting: certificate)
    let error = await failure(transport, try .to("ana@example.com"))
    #expect(error == .permanent("the mail server refused it with 535"))
    #expect(server.receipts.isEmpty)
  }

  @Test("does not reach a server whose certificate is not trusted, or is another's")
  func untrusted() async throws {
    let certificate = try await TestCertificate()
    let server = try await MailServer(["--tls", "starttls"], certificate: certificate)
    let stranger = await failure(try server.transport(.startTLS), try .to("ana@example.com"))
    #expect(stranger?.isTransient == true)
    let other = try await TestCertificate(for: "DNS:other.example")
    let impostor = try await MailServer(["--tls", "implicit"], certificate: other)
    let transport = try impostor.transport(.tls, trusting: other)
    #expect(await failure(transport, try .to("ana@example.com"))?.isTransient == true)
    #expect(server.receipts.isEmpty && impostor.receipts.isEmpty)
  }

  @Test("is not sent in clear text where the server offers no STARTTLS")
  func noStartTLS() async throws {
    let server = try await MailServer()
    let transport = try server.transport(.startTLS, user: "trak", password: "geheim")
    #expect(await failure(transport, try .to("ana@example.com"))?.isTransient == true)
    #expect(server.receipts.isEmpty)
  }

  @Test(
    "is to be tried again after 4yz, and never after 5yz",
    arguments: ["rcpt", "data"], [421, 450, 451, 452, 550, 552, 553, 554])
  func refused(stage: String, code: Int) async throws {
    let server = try await MailServer()
    let error = await failure(
      try server.transport(), try .to("\(stage)-\(code)@example.com"))
    let expected: MailError =
      code < 500
      ? .transient("the mail server does not take it now: \(code)")
      : .permanent("the mail server refused it with \(code)")
    #expect(error == expected)
    // The next one is not hurt by it.
    try await server.transport().send(.to("ana@example.com"))
    #expect(server.receipts.count == 1)
  }

  @Test("waits for better times while the server is away")
  func away() async throws {
    let server = try await MailServer()
    let transport = try server.transport()
    try await transport.send(.to("ana@example.com"))
    await server.kill()
    #expect(await failure(transport, try .to("ana@example.com"))?.isTransient == true)
  }

  @Test("gives up on a server that says nothing", arguments: ["silent", "stall"])
  func stalled(how: String) async throws {
    let server = try await MailServer(how == "silent" ? ["--silent"] : [])
    let transport = try server.transport(timeout: .milliseconds(700))
    let error = await failure(transport, try .to("stall@example.com"))
    #expect(error == .transient("the mail server is timed out"))
  }

  @Test("ends when its task is cancelled")
  func cancelled() async throws {
    let server = try await MailServer(["--silent"])
    let transport = try server.transport(timeout: .seconds(600))
    let start = ContinuousClock.now
    let task = Task { await failure(transport, try .to("ana@example.com")) }
    task.cancel()
    #expect(try await task.value == .transient("the mail server is cancelled"))
    #expect(ContinuousClock.now - start < .seconds(300))
  }

  @Test("needs settings that make sense")
  func settings() throws {
    let sender = try Mailbox.sample
    func problem(
      _ host: String, _ encryption: SMTPConfiguration.Encryption, _ user: String?,
      _ password: String?
    ) -> SMTPConfiguration.Problem? {
      do throws(SMTPConfiguration.Problem) {
        _ = try SMTPConfiguration(
          host: host, encryption: encryption, user: user, password: password, sender: sender)
        return nil
      } catch {
        return error
      }
    }
    #expect(problem("mail.example", .none, "u", "p") == .passwordInClearText)
    #expect(problem("mail.example", .startTLS, "u", nil) == .userWithoutPassword)
    #expect(problem("mail.example/x", .startTLS, nil, nil) == .host)
    #expect(problem("user@mail.example", .startTLS, nil, nil) == .host)
    #expect(problem("", .startTLS, nil, nil) == .host)
    #expect(problem("::1", .startTLS, "u", "p") == nil)
    let configuration = try SMTPConfiguration(
      host: "mail.example", encryption: .startTLS, user: "u", password: "geheim", sender: sender)
    #expect("\(configuration)" == "starttls mail.example:587")
    #expect(!String(reflecting: configuration).contains("geheim"))
  }
}
