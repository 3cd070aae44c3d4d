// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("The mails' outbox and the cleaning", .timeLimit(.minutes(5)))
struct OutboxTests {
  static func fill(_ town: Town, _ count: UInt8) async throws {
    let user = try await town.stores.accounts.create(try Town.user("u"), by: town.actor())
    for byte in 1...count {
      try await town.stores.accounts.requestReset(
        of: user.id, digest: Town.digest(byte), expiresAt: noon + 3_600,
        mail: try Town.mail("u@people.example", "secret \(byte)"), by: town.actor())
    }
  }

  @Test("a claimed mail is nobody else's until the lease is over")
  func lease() async throws {
    try await withTown { town throws in
      try await Self.fill(town, 3)
      let outbox = town.stores.outbox
      func claim(_ limit: Int, at now: Timestamp) async throws -> [WaitingMail] {
        try await outbox.claim(limit: limit, lease: .seconds(60), at: now)
      }
      let first = try await claim(2, at: noon)
      #expect(first.map(\.message.body) == ["secret 1", "secret 2"])
      #expect(first.map(\.attempts) == [0, 0])
      #expect(first[0].message.recipient.rawValue == "u@people.example")
      #expect(try await claim(2, at: noon).map(\.message.body) == ["secret 3"])
      #expect(try await claim(2, at: noon + 59).isEmpty)
      let again = try await claim(9, at: noon + 60)
      #expect(again.map(\.attempts) == [1, 1, 1])
    }
  }

  @Test("those who claim at the same time get different mails, each once")
  func concurrent() async throws {
    try await withTown { town throws in
      try await Self.fill(town, 40)
      let outcomes = await atOnce(8) { _ in
        try await town.stores.outbox.claim(limit: 10, lease: .seconds(60), at: noon)
      }
      let ids = try outcomes.flatMap { try $0.get().map(\.id) }
      #expect(Set(ids).count == ids.count)
      let rest = try await town.stores.outbox.claim(limit: 100, lease: .seconds(60), at: noon)
      #expect(Set(ids + rest.map(\.id)).count == 40)
    }
  }

  @Test(
    "what was sent or given up is blanked and not tried again; a failure is, when its time comes")
  func outcomes() async throws {
    try await withTown { town throws in
      try await Self.fill(town, 3)
      let outbox = town.stores.outbox
      let mails = try await outbox.claim(limit: 3, lease: .seconds(60), at: noon)
      try await outbox.markSent(mails[0].id, at: noon)
      try await outbox.markFailed(mails[1].id, problem: "550", retryAt: nil, at: noon)
      try await outbox.markFailed(mails[2].id, problem: "451", retryAt: noon + 300, at: noon)
      #expect(try await outbox.claim(limit: 9, lease: .seconds(60), at: noon + 299).isEmpty)
      let due = try await outbox.claim(limit: 9, lease: .seconds(60), at: noon + 300)
      #expect(due.map(\.id) == [mails[2].id])
      #expect(due.map(\.message.body) == ["secret 3"])
      #expect(try await town.count("accounts_mail", where: "body = ''") == 2)
      #expect(try await town.count("accounts_mail", where: "problem = '550'") == 1)
    }
  }

  @Test("cleaning removes what is over for long, and nothing else")
  func cleaning() async throws {
    try await withTown { town throws in
      let made = try await town.register("acme")
      try await Self.fill(town, 1)
      _ = try await town.signIn(made.owner.id, made.tenant, id: "s")
      _ = try await InviteTests.invite(town, made.tenant, "m@x.example", 9)
      try await LoginGuardTests.fail(town)
      for mail in try await town.stores.outbox.claim(limit: 1, lease: .seconds(9), at: noon) {
        try await town.stores.outbox.markSent(mail.id, at: noon)
      }
      let day = 86_400
      let cleaner = town.stores.cleaner
      #expect(try await cleaner.clean(at: noon + 599) == AccountCleaner.Report())
      var report = AccountCleaner.Report()
      report.invites = 1
      #expect(try await cleaner.clean(at: noon + 600) == report)
      report = AccountCleaner.Report()
      report.resets = 1
      report.failures = 1
      #expect(try await cleaner.clean(at: noon + day) == report)
      report = AccountCleaner.Report()
      report.mails = 1
      #expect(try await cleaner.clean(at: noon + 30 * day) == report)
      report = AccountCleaner.Report()
      report.sessions = 1
      #expect(try await cleaner.clean(at: noon + 30 * day + 3_600) == report)
      let events = Int(try await town.count("accounts_audit") ?? 0)
      #expect(try await cleaner.clean(at: noon + 400 * day).audit == events)
      #expect(try await town.count("accounts_user") == 2)
      // The invite that was not sent stays to be sent.
      #expect(try await town.count("accounts_mail") == 1)
    }
  }
}
