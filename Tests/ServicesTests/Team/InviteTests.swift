// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Invites", .timeLimit(.minutes(5)))
struct InviteTests {
  private static let week: Duration = .seconds(7 * 86_400)

  private func invite(
    _ fixture: AccountFixture, _ email: String = "new@umc.example", role: String = "technician",
    by name: String = "admin"
  ) async throws -> TraksenseV1.Invite {
    try await fixture.team.createInvite(
      .init(email: email, role: role, message: ProtoStringValue("Hi")),
      options: try await fixture.options(name))
  }

  @Test("the mailed link shows the invite and makes the account")
  func flow() async throws {
    let fixture = try await AccountFixture()
    let invite = try await invite(fixture, "New.Person@UMC.example")
    #expect(invite.email == "new.person@umc.example" && invite.status == "pending")
    #expect(
      invite.isValid && !invite.isExpired && invite.invitedByEmail?.value == "admin@umc.example")
    let mail = try #require(fixture.accounts.edit { $0.mails.last?.message })
    #expect(mail.subject == "You've been invited to join umc")
    #expect(mail.body.contains("https://umc.app.example.com/accept-invite?token="))
    let secret = try fixture.mailedSecret()
    let shown = try await fixture.auth.validateInvite(
      .init(token: secret), options: AccountFixture.umc)
    #expect(shown.id == invite.id && shown.role == "technician" && shown.tenantSlug == "umc")
    let request = TraksenseV1.AcceptInviteRequest(
      token: secret, name: "New Person", password: AccountFixture.password)
    let accepted = try await fixture.auth.acceptInvite(request, options: AccountFixture.umc)
    #expect(accepted.user?.fullName == "New Person" && accepted.membership?.role == "technician")
    _ = try await fixture.auth.login(
      .init(usernameOrEmail: "NEW.person@umc.example", password: AccountFixture.password),
      options: AccountFixture.umc)
    await Expected(.invalidArgument, "token").check { () async throws(RPCError) in
      try await fixture.auth.acceptInvite(request, options: AccountFixture.umc)
    }
  }

  @Test("a link counts at its own tenant only, and until it expires")
  func limits() async throws {
    let fixture = try await AccountFixture()
    _ = try await invite(fixture)
    let token = try fixture.mailedSecret()
    func validate(_ token: String, _ host: String?) async throws(RPCError) {
      _ = try await fixture.auth.validateInvite(
        .init(token: token), options: CallOptions(authority: host))
    }
    await Expected(.notFound, "token").check { () async throws(RPCError) in
      try await validate(token, "acme.example.com")
    }
    await Expected(.notFound, "tenant").check { () async throws(RPCError) in
      try await validate(token, "localhost")
    }
    await Expected(.notFound, "token").check { () async throws(RPCError) in
      try await validate("rubbish", "umc.localhost")
    }
    await Expected(.invalidArgument, "token").check { () async throws(RPCError) in
      try await validate("", "umc.localhost")
    }
    fixture.clock.advance(by: Self.week - .seconds(1))
    try await validate(token, "umc.localhost")
    fixture.clock.advance(by: .seconds(1))
    await Expected(.invalidArgument, "token").check { () async throws(RPCError) in
      try await validate(token, "umc.localhost")
    }
  }

  @Test("all wrong fields of an acceptance are named, and the one password policy holds")
  func wrongAcceptance() async throws {
    let fixture = try await AccountFixture()
    _ = try await invite(fixture)
    let token = try fixture.mailedSecret()
    for (request, fields) in [
      (TraksenseV1.AcceptInviteRequest(), ["name", "password", "token"]),
      (.init(token: token, name: "N", password: "password"), ["password"]),
      (.init(token: token, name: "N", password: "new@umc.example"), ["password"]),
    ] {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.auth.acceptInvite(request, options: AccountFixture.umc)
      }
      #expect(error.code == .invalidArgument && error.fields == fields)
    }
  }

  @Test("wrong fields, members and people invited already are refused by name")
  func wrongInvites() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    _ = try await invite(fixture)
    let error = await refusal { () async throws(RPCError) in
      try await fixture.team.createInvite(
        .init(
          email: "x", role: "king",
          message: ProtoStringValue(String(repeating: "a", count: 2_001))), options: options)
    }
    #expect(error.fields == ["email", "message", "role"])
    for email in ["NEW@umc.example", "viewer@umc.example", "suspended@umc.example"] {
      await Expected(.invalidArgument, "email").check { () async throws(RPCError) in
        try await fixture.team.createInvite(.init(email: email), options: options)
      }
    }
    _ = try await fixture.team.createInvite(.init(email: "inactive@umc.example"), options: options)
  }

  @Test("sending again ends the old link; a cancelled invite counts no more")
  func resend() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("admin")
    let made = try await invite(fixture)
    let old = try fixture.mailedSecret()
    fixture.clock.advance(by: .seconds(600))
    let again = try await fixture.team.resendInvite(.init(id: made.id), options: options)
    #expect(again.expiresAt != made.expiresAt)
    let new = try fixture.mailedSecret()
    #expect(new != old)
    await Expected(.notFound, "token").check { () async throws(RPCError) in
      try await fixture.auth.validateInvite(.init(token: old), options: AccountFixture.umc)
    }
    let changed = try await fixture.team.updateInvite(
      .init(id: made.id, role: "viewer"), options: options)
    #expect(changed.role == "viewer" && changed.message?.value == "Hi")
    _ = try await fixture.team.cancelInvite(.init(id: made.id), options: options)
    await Expected(.failedPrecondition).check { () async throws(RPCError) in
      try await fixture.team.cancelInvite(.init(id: made.id), options: options)
    }
    await Expected(.invalidArgument, "token").check { () async throws(RPCError) in
      try await fixture.auth.validateInvite(.init(token: new), options: AccountFixture.umc)
    }
    #expect(
      try await fixture.team.getInvite(.init(id: made.id), options: options).status == "cancelled")
    #expect(try await fixture.team.listInvites(.init(), options: options).count == 1)
    await Expected(.notFound, "id").check { () async throws(RPCError) in
      try await fixture.team.resendInvite(.init(id: 9_999), options: options)
    }
  }

  @Test("somebody else's invite is refused without telling whose it is")
  func wrongPerson() async throws {
    let fixture = try await AccountFixture()
    _ = try await invite(fixture, "new@umc.example")
    let session = try await fixture.session("owner", of: "acme")
    let token = try fixture.mailedSecret()
    let error = await refusal { () async throws(RPCError) in
      try await fixture.team.acceptTeamInvite(
        .init(token: token), options: fixture.bearer(session.access))
    }
    #expect(error.code == .permissionDenied && !error.message.contains("new"))
  }

  @Test("programs invite too, as far as their role reaches")
  func programs() async throws {
    let fixture = try await AccountFixture()
    let options = fixture.bearer(try await fixture.apiKey([.admin]))
    let made = try await fixture.team.createInvite(
      .init(email: "new@umc.example", role: "admin"), options: options)
    #expect(made.invitedByEmail == nil)
    await Expected(.permissionDenied).check { () async throws(RPCError) in
      try await fixture.team.createInvite(
        .init(email: "o@umc.example", role: "owner"), options: options)
    }
  }
}
