// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Signing in", .timeLimit(.minutes(5)))
struct LoginTests {
  private func request(
    _ name: String, _ password: String = AccountFixture.password, tenant: String = ""
  ) -> TraksenseV1.LoginRequest {
    TraksenseV1.LoginRequest(usernameOrEmail: name, password: password, tenant: tenant)
  }

  @Test(
    "takes e-mail address or user name in any case and says who and where",
    arguments: ["viewer@umc.example", " VIEWER@umc.example ", "viewer-umc", "Viewer-UMC"])
  func names(name: String) async throws {
    let fixture = try await AccountFixture()
    let options = CallOptions(
      metadata: ["x-forwarded-proto": "http"], authority: "umc.localhost:8000")
    let response = try await fixture.auth.login(request(name), options: options)
    #expect(response.user?.email == "viewer@umc.example")
    #expect(response.user?.role?.value == "viewer")
    #expect(response.user?.site == "umc")
    #expect(response.user?.lastLogin != nil)
    #expect(response.tenant?.slug == "umc")
    #expect(response.tenant?.domain == "umc.localhost:8000")
    #expect(response.tenant?.apiBaseURL == "http://umc.localhost:8000/api")
    #expect(response.tokens?.accessExpiresIn == 900)
    let me = try await fixture.account.getMe(
      .init(), options: fixture.bearer(response.tokens?.accessToken ?? ""))
    #expect(me.username == "viewer-umc")
  }

  @Test("the older field `email` stands in for the name")
  func olderField() async throws {
    let fixture = try await AccountFixture()
    let response = try await fixture.auth.login(
      TraksenseV1.LoginRequest(
        password: AccountFixture.password, email: "owner@umc.example"),
      options: AccountFixture.umc)
    #expect(response.user?.role?.value == "owner")
  }

  @Test("empty fields are named, all at once")
  func empty() async throws {
    let fixture = try await AccountFixture()
    let error = await refusal { () async throws(RPCError) in
      try await fixture.auth.login(.init(), options: AccountFixture.umc)
    }
    #expect(error.code == .invalidArgument)
    #expect(error.fields == ["password", "username_or_email"])
  }

  @Test("whatever is wrong, the answer is the same, and the failure is audited")
  func alike() async throws {
    let fixture = try await AccountFixture()
    try await fixture.add("gone", "umc", .viewer)
    fixture.accounts.edit { state in
      for index in state.users.indices
      where state.users[index].account.email.rawValue == "gone@umc.example" {
        state.users[index].account.isActive = false
      }
    }
    var answers: Set<RPCError> = []
    for bad in [
      request("nobody-at-all"), request("not a name at all!"), request("x@unknown.example"),
      request("viewer@umc.example", "wrong"), request("gone@umc.example"),
      request("suspended@umc.example"), request("inactive@umc.example"),
      request("nobody@umc.example"), request("owner@acme.example"),
    ] {
      answers.insert(
        await refusal { () async throws(RPCError) in
          try await fixture.auth.login(bad, options: AccountFixture.umc)
        })
    }
    fixture.accounts.suspend("umc")
    answers.insert(
      await refusal { () async throws(RPCError) in
        try await fixture.auth.login(
          request("owner@umc.example"), options: AccountFixture.umc)
      })
    #expect(answers.count == 1)
    #expect(answers.first?.code == .unauthenticated)
    #expect(answers.first?.message == "Invalid credentials.")
    #expect(fixture.accounts.audited(.signInFailed).count == 10)
    #expect(fixture.accounts.audited(.signedIn).isEmpty)
  }

  @Test("on a public host the only tenant is taken, and of several one must be named")
  func publicHost() async throws {
    let fixture = try await AccountFixture()
    let options = CallOptions(authority: "app.example.com")
    let only = try await fixture.auth.login(request("owner@acme.example"), options: options)
    #expect(only.tenant?.slug == "acme")
    #expect(only.tenant?.domain == "acme.example.com")
    #expect(only.tenant?.apiBaseURL == "https://acme.example.com/api")
    let owner = try #require(fixture.user("owner"))
    fixture.accounts.edit { $0.join(owner.id, 2, .viewer, at: fixture.clock.now) }
    let error = await refusal { () async throws(RPCError) in
      try await fixture.auth.login(request("owner@umc.example"), options: options)
    }
    #expect(error.code == .invalidArgument && error.fields == ["tenant"])
    let named = try await fixture.auth.login(
      request("owner@umc.example", tenant: "acme"), options: options)
    #expect(named.user?.role?.value == "viewer")
    await Expected(.permissionDenied, "tenant").check { () async throws(RPCError) in
      try await fixture.auth.login(
        request("owner@umc.example", tenant: "acme"), options: AccountFixture.umc)
    }
  }

  @Test("a name is locked after too many failures, even for the right password, and for a while")
  func lockOut() async throws {
    let fixture = try await AccountFixture()
    for _ in 0..<MemoryAccounts.maxFailures {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.auth.login(
          request("Owner@umc.example", "wrong"), options: AccountFixture.umc)
      }
      #expect(error.code == .unauthenticated)
    }
    let locked = await refusal { () async throws(RPCError) in
      try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
    }
    #expect(locked.code == .resourceExhausted)
    #expect(locked.retryAfter == MemoryAccounts.lockout)
    _ = try await fixture.auth.login(request("admin@umc.example"), options: AccountFixture.umc)
    fixture.clock.advance(by: MemoryAccounts.lockout)
    _ = try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
  }

  @Test("one address may try so often a minute", arguments: [(3, true), (4, false)])
  func throttle(tries: Int, isLast: Bool) async throws {
    let fixture = try await AccountFixture { $0.loginsPerMinute = 3 }
    for _ in 1..<tries {
      _ = try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
    }
    if isLast {
      _ = try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
    } else {
      let error = await refusal { () async throws(RPCError) in
        try await fixture.auth.login(
          request("owner@umc.example"), options: AccountFixture.umc)
      }
      #expect(error.code == .resourceExhausted && error.retryAfter == .seconds(60))
      fixture.clock.advance(by: .seconds(60))
      _ = try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
    }
  }

  @Test("stale credentials that come along do not matter")
  func staleCredentials() async throws {
    let fixture = try await AccountFixture()
    _ = try await fixture.auth.login(
      request("owner@umc.example"), options: fixture.bearer("no.such.token"))
  }

  @Test("an older hash verifies and is replaced")
  func upgrade() async throws {
    let fixture = try await AccountFixture()
    let other = try PasswordHasher(
      threads: 1, cost: ScryptCost(workFactor: 4, blockSize: 1, parallelism: 1))
    let old = try await other.hash(PlainPassword(AccountFixture.password))
    let owner = try #require(fixture.user("owner"))
    fixture.accounts.edit { state in
      for index in state.users.indices where state.users[index].account.id == owner.id {
        state.users[index].password = old
      }
    }
    _ = try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
    let new = try #require(fixture.accounts.edit { $0.user(owner.id)?.password })
    #expect(new != old && !fixture.hasher.needsRehash(new))
    _ = try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
  }

  @Test("a full line for hashing is UNAVAILABLE with a delay")
  func busy() async throws {
    let hasher = try PasswordHasher(threads: 1, maxWaiting: 0, cost: AccountFixture.cost)
    let fixture = try await AccountFixture(hasher: hasher)
    // Some of these find the one thread taken.
    let slow = try PasswordHasher(threads: 1, cost: .standard)
    let heavy = try await slow.hash(PlainPassword("x"))
    fixture.accounts.edit { state in
      for index in state.users.indices { state.users[index].password = heavy }
    }
    let codes = await withTaskGroup(of: StatusCode?.self) { group in
      for _ in 0..<8 {
        group.addTask {
          do throws(RPCError) {
            _ = try await fixture.auth.login(
              request("owner@umc.example", "wrong"), options: AccountFixture.umc)
            return nil
          } catch {
            return error.retryAfter == nil ? .unknown : error.code
          }
        }
      }
      var codes: Set<StatusCode?> = []
      for await code in group { codes.insert(code) }
      return codes
    }
    #expect(codes.contains(.unavailable) && codes.isSubset(of: [.unavailable, .unknown, nil]))
  }

  @Test("a store that cannot answer is UNAVAILABLE and tells nothing")
  func storeDown() async throws {
    let fixture = try await AccountFixture()
    fixture.accounts.fail(.unavailable("secret"))
    let error = await refusal { () async throws(RPCError) in
      try await fixture.auth.login(request("owner@umc.example"), options: AccountFixture.umc)
    }
    #expect(error.code == .unavailable && !error.message.contains("secret"))
  }
}
