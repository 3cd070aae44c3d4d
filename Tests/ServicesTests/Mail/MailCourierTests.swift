// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Services

@Suite("The mail courier", .timeLimit(.minutes(5)))
struct MailCourierTests {
  /// Takes mails, unless it is to fail.
  private final class MemoryTransport: MailTransport {
    let sent = Mutex<[MailMessage]>([])
    let failure = Mutex<MailError?>(nil)

    func send(_ message: MailMessage) async throws(MailError) {
      if let error = failure.withLock({ $0 }) { throw error }
      sent.withLock { $0.append(message) }
    }
  }

  private let accounts = MemoryAccounts()
  private let transport = MemoryTransport()

  private func courier() -> MailCourier {
    var settings = MailCourier.Settings()
    settings.idle = .milliseconds(1)
    settings.batch = 2
    return MailCourier(
      outbox: accounts, transport: transport, settings: settings, clock: accounts.clock.wall,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func post(_ count: Int) throws {
    let recipient = try #require(EmailAddress("a@b.example"))
    accounts.edit { state in
      for number in 0..<count {
        state.post(
          MailMessage(recipient: recipient, subject: "\(number)", body: "secret"),
          at: accounts.clock.now)
      }
    }
  }

  @Test("sends everything that waits, once, and blanks it")
  func sends() async throws {
    try post(5)
    let courier = courier()
    let run = Task { await courier.run() }
    try await eventually("all are sent") { transport.sent.withLock { $0.count } == 5 }
    try post(1)
    try await eventually("the later one too") {
      accounts.edit { $0.mails.count { $0.isSent } } == 6
    }
    run.cancel()
    await run.value
    #expect(transport.sent.withLock { $0.map(\.subject) } == ["0", "1", "2", "3", "4", "0"])
    #expect(accounts.edit { $0.mails.allSatisfy { $0.message.body.isEmpty } })
  }

  @Test("tries again later and later, and gives up after two days")
  func retries() async throws {
    try post(1)
    transport.failure.withLock { $0 = .transient("busy") }
    let courier = courier()
    var waits: [Duration] = []
    while accounts.edit({ !$0.mails[0].isGivenUp }), waits.count < 20 {
      #expect(await courier.deliver() == 1)
      #expect(await courier.deliver() == 0)
      let wait = accounts.edit { $0.mails[0].dueAt.since(accounts.clock.now) }
      waits.append(wait)
      accounts.clock.advance(by: wait)
    }
    let first: [Duration] = [.seconds(60), .seconds(300), .seconds(1_800), .seconds(7_200)]
    #expect(Array(waits.prefix(4)) == first)
    #expect(waits.dropFirst(4).dropLast().allSatisfy { $0 == .seconds(21_600) })
    #expect(waits.count == 13)
    #expect(accounts.edit { $0.mails[0].message.body.isEmpty })
    #expect(transport.sent.withLock { $0.isEmpty })
  }

  @Test("gives a mail up at once that will never be taken")
  func permanent() async throws {
    try post(1)
    transport.failure.withLock { $0 = .permanent("no such mailbox") }
    #expect(await courier().deliver() == 1)
    #expect(accounts.edit { $0.mails[0].isGivenUp })
  }

  @Test("outlives an outbox that cannot be read")
  func outboxDown() async throws {
    try post(1)
    accounts.fail(.unavailable("down"))
    let courier = courier()
    #expect(await courier.deliver() == 0)
    accounts.fail(nil)
    #expect(await courier.deliver() == 1)
  }

  @Test(
    "waits as long as was decided", arguments: [(1, 60), (4, 7_200), (5, 21_600), (12, 21_600)])
  func waits(attempts: Int, seconds: Int64) {
    #expect(MailRetries.wait(after: attempts) == .seconds(seconds))
    #expect(MailRetries.wait(after: 13) == nil)
  }
}
