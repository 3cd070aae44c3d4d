// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Sessions", .timeLimit(.minutes(5)))
struct SessionTests {
  private func refresh(
    _ fixture: AccountFixture, _ token: String, host: String = "umc.localhost"
  ) async throws(RPCError) -> TraksenseV1.RefreshResponse {
    try await fixture.auth.refresh(
      .init(refreshToken: token), options: CallOptions(authority: host))
  }

  @Test("a refresh token counts once; when it comes again the whole session ends")
  func reuse() async throws {
    let fixture = try await AccountFixture()
    let session = try await fixture.session("owner")
    let next = try #require(try await refresh(fixture, session.refresh).tokens)
    _ = try await fixture.account.getMe(.init(), options: fixture.bearer(next.accessToken))
    let newest = try #require(try await refresh(fixture, next.refreshToken).tokens)
    let reuse = await refusal { () async throws(RPCError) in
      try await refresh(fixture, session.refresh)
    }
    #expect(reuse.code == .unauthenticated && reuse.reason == "session_ended")
    for token in [next.accessToken, newest.accessToken, session.access] {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.account.getMe(.init(), options: fixture.bearer(token))
      }
      #expect(error.code == .unauthenticated && error.reason == "session_ended")
    }
    let over = await refusal { () async throws(RPCError) in
      try await refresh(fixture, newest.refreshToken)
    }
    #expect(over.code == .unauthenticated)
    #expect(fixture.accounts.audited(.refreshReused).count == 1)
  }

  @Test("what is not the session's newest refresh token is UNAUTHENTICATED, and the reason is told")
  func badRefresh() async throws {
    let fixture = try await AccountFixture()
    let session = try await fixture.session("owner")
    func reason(_ token: String, host: String = "umc.localhost") async -> String? {
      let error = await refusal { () async throws(RPCError) in
        try await refresh(fixture, token, host: host)
      }
      #expect(error.code == .unauthenticated)
      return error.reason
    }
    #expect(await reason("") == "credentials_required")
    #expect(await reason("x.y.z") == "token_not_valid")
    #expect(await reason(session.access) == "token_not_valid")
    #expect(await reason(session.refresh, host: "acme.example.com") == "wrong_tenant")
    fixture.clock.advance(by: RefreshClaims.lifetime)
    #expect(await reason(session.refresh) == "token_expired")
  }

  @Test("credentials that do not count say why, and no more")
  func reasons() async throws {
    let fixture = try await AccountFixture()
    let session = try await fixture.session("owner")
    let other = try await fixture.session("owner", of: "acme")
    func reason(_ options: CallOptions) async -> String? {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.account.getMe(.init(), options: options)
      }
      #expect(error.code == .unauthenticated)
      return error.reason
    }
    #expect(await reason(AccountFixture.umc) == "credentials_required")
    #expect(await reason(fixture.bearer("rubbish")) == "token_not_valid")
    #expect(await reason(fixture.bearer(session.refresh)) == "token_not_valid")
    #expect(await reason(fixture.bearer(other.access)) == "wrong_tenant")
    #expect(await reason(fixture.bearer("tsk_short")) == "api_key_not_valid")
    let key = try await fixture.apiKey([.admin])
    let forged = String(key.dropLast()) + (key.last == "A" ? "B" : "A")
    #expect(await reason(fixture.bearer(forged)) == "api_key_not_valid")
    #expect(
      await reason(CallOptions(metadata: ["x-api-key": session.access], authority: "umc.localhost"))
        == "api_key_not_valid")
    fixture.clock.advance(by: AccessClaims.lifetime)
    #expect(await reason(fixture.bearer(session.access)) == "token_expired")
  }

  @Test("on a host of no tenant the token says which it is")
  func publicHost() async throws {
    let fixture = try await AccountFixture()
    let session = try await fixture.session("owner", of: "acme")
    let me = try await fixture.account.getMe(
      .init(), options: fixture.bearer(session.access, host: "app.example.com"))
    #expect(me.site == "acme")
  }

  @Test("signing out ends the session with either token, expired or not", arguments: [0, 1, 2])
  func logout(way: Int) async throws {
    let fixture = try await AccountFixture()
    let session = try await fixture.session("owner")
    if way == 1 { fixture.clock.advance(by: .seconds(3_600)) }
    switch way {
    case 0:
      _ = try await fixture.auth.logout(.init(refreshToken: session.refresh))
    case 1:
      _ = try await fixture.auth.logout(.init(accessToken: session.access))
    default:
      _ = try await fixture.auth.logout(.init(), options: fixture.bearer(session.access))
    }
    #expect(fixture.accounts.edit { $0.sessions[session.id]?.isRevoked } == true)
    #expect(fixture.accounts.audited(.signedOut).count == 1)
  }

  @Test("signing out with nothing is UNAUTHENTICATED, with what means nothing it is OK")
  func logoutOfNothing() async throws {
    let fixture = try await AccountFixture()
    await Expected(.unauthenticated).check { () async throws(RPCError) in
      try await fixture.auth.logout(.init())
    }
    _ = try await fixture.auth.logout(.init(accessToken: "rubbish"))
    #expect(fixture.accounts.audited(.signedOut).isEmpty)
  }

  @Test("people see their own sessions of this tenant and end them one by one or all others")
  func list() async throws {
    let fixture = try await AccountFixture()
    let first = try await fixture.session("owner")
    fixture.clock.advance(by: .seconds(1))
    let second = try await fixture.session("owner")
    fixture.clock.advance(by: .seconds(1))
    _ = try await fixture.session("owner")
    let foreign = try await fixture.session("admin")
    let options = fixture.bearer(first.access)
    let listed = try await fixture.account.listSessions(.init(), options: options)
    #expect(listed.count == 3)
    #expect(listed.results.map(\.isCurrent) == [false, false, true])
    _ = try await fixture.account.revokeSession(
      .init(sessionID: second.id.text), options: options)
    for id in [foreign.id.text, second.id.text, "x"] {
      await Expected(.notFound, "session_id").check { () async throws(RPCError) in
        try await fixture.account.revokeSession(.init(sessionID: id), options: options)
      }
    }
    #expect(
      try await fixture.account.revokeOtherSessions(.init(), options: options).revoked == 1)
    #expect(try await fixture.account.listSessions(.init(), options: options).count == 1)
    _ = try await fixture.account.getMe(.init(), options: fixture.bearer(foreign.access))
  }
}
