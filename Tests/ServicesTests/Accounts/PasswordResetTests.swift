// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Password resets", .timeLimit(.minutes(5)))
struct PasswordResetTests {
  private func ask(
    _ fixture: AccountFixture, _ email: String
  ) async throws(RPCError) -> TraksenseV1.RequestPasswordResetResponse {
    try await fixture.auth.requestPasswordReset(.init(email: email), options: AccountFixture.umc)
  }

  @Test("the link leads to the configured app, works once and ends all sessions")
  func flow() async throws {
    let fixture = try await AccountFixture()
    let session = try await fixture.session("owner")
    _ = try await ask(fixture, " OWNER@umc.example")
    let mail = try #require(fixture.accounts.edit { $0.mails.last?.message })
    #expect(mail.recipient.rawValue == "owner@umc.example")
    #expect(mail.body.contains("https://umc.app.example.com/reset-password?token="))
    let secret = try fixture.mailedSecret()
    let valid = try await fixture.auth.validatePasswordReset(.init(token: secret))
    #expect(valid.valid && valid.email == "o***@umc.example")
    let new = "another-kettle-7"
    let confirm = TraksenseV1.ConfirmPasswordResetRequest(
      token: secret, password: new, passwordConfirm: new)
    _ = try await fixture.auth.confirmPasswordReset(confirm)
    await Expected(.unauthenticated).check { () async throws(RPCError) in
      try await fixture.account.getMe(.init(), options: fixture.bearer(session.access))
    }
    await Expected(.invalidArgument, "token").check { () async throws(RPCError) in
      try await fixture.auth.confirmPasswordReset(confirm)
    }
    _ = try await fixture.auth.login(
      .init(usernameOrEmail: "owner-umc", password: new), options: AccountFixture.umc)
  }

  @Test("the answer does not tell who exists")
  func sameAnswer() async throws {
    let fixture = try await AccountFixture()
    let known = try await ask(fixture, "owner@umc.example")
    let unknown = try await ask(fixture, "nobody@nowhere.example")
    #expect(known == unknown)
    #expect(fixture.accounts.edit { $0.mails.count } == 1)
    await Expected(.invalidArgument, "email").check { () async throws(RPCError) in
      try await ask(fixture, "no address")
    }
  }

  @Test("an hour later the link is over; a newer one ends the older")
  func expiry() async throws {
    let fixture = try await AccountFixture()
    _ = try await ask(fixture, "owner@umc.example")
    let first = try fixture.mailedSecret()
    _ = try await ask(fixture, "owner@umc.example")
    let second = try fixture.mailedSecret()
    for bad in [first, "", "rubbish"] {
      await Expected(.invalidArgument, "token").check { () async throws(RPCError) in
        try await fixture.auth.validatePasswordReset(.init(token: bad))
      }
    }
    fixture.clock.advance(by: .seconds(3_599))
    _ = try await fixture.auth.validatePasswordReset(.init(token: second))
    fixture.clock.advance(by: .seconds(1))
    await Expected(.invalidArgument, "token").check { () async throws(RPCError) in
      try await fixture.auth.validatePasswordReset(.init(token: second))
    }
  }

  @Test("the one password policy holds, and a bad password leaves the link usable")
  func policy() async throws {
    let fixture = try await AccountFixture()
    _ = try await ask(fixture, "owner@umc.example")
    let secret = try fixture.mailedSecret()
    for (password, again, fields) in [
      ("123456", "123456", ["password"]), ("owner@umc.example", "owner@umc.example", ["password"]),
      ("another-kettle-7", "x", ["password_confirm"]),
    ] {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.auth.confirmPasswordReset(
          .init(token: secret, password: password, passwordConfirm: again))
      }
      #expect(error.code == .invalidArgument && error.fields == fields)
    }
    _ = try await fixture.auth.validatePasswordReset(.init(token: secret))
  }

  @Test("five an hour for each address", arguments: [(5, true), (6, false)])
  func limit(times: Int, isTaken: Bool) async throws {
    let fixture = try await AccountFixture()
    for _ in 1..<times { _ = try await ask(fixture, "owner@umc.example") }
    do throws(RPCError) {
      _ = try await ask(fixture, "owner@umc.example")
      #expect(isTaken)
    } catch {
      #expect(!isTaken && error.code == .resourceExhausted && error.retryAfter == .seconds(3_600))
    }
  }
}
