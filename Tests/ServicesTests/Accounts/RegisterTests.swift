// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Testing
import TrakSenseAPI

@testable import Services

@Suite("Signing up", .timeLimit(.minutes(5)))
struct RegisterTests {
  private static let good = TraksenseV1.RegisterRequest(
    tenantName: "Hospital São João", name: "Ana Maria Souza", email: "Ana.Souza@hospital.example",
    password: AccountFixture.password)

  private func register(
    _ fixture: AccountFixture, _ change: (inout TraksenseV1.RegisterRequest) -> Void = { _ in }
  ) async throws(RPCError) -> TraksenseV1.RegisterResponse {
    var request = Self.good
    change(&request)
    return try await fixture.auth.register(
      request, options: CallOptions(authority: "localhost:8000"))
  }

  @Test("makes tenant, host and owner, who can sign in there at once")
  func makes() async throws {
    let fixture = try await AccountFixture()
    let made = try await register(fixture)
    #expect(made.tenant?.slug == "hospital-sao-joao")
    #expect(made.tenant?.domain == "hospital-sao-joao.localhost")
    #expect(made.tenant?.apiBaseURL == "https://hospital-sao-joao.localhost:8000/api")
    #expect(made.user?.username == "ana.souza")
    #expect(made.user?.email == "ana.souza@hospital.example")
    #expect(made.user?.firstName == "Ana")
    #expect(made.user?.lastName == "Maria Souza")
    #expect(made.user?.initials == "AM")
    #expect(made.user?.role?.value == "owner")
    let signedIn = try await fixture.auth.login(
      .init(usernameOrEmail: "ana.souza", password: AccountFixture.password),
      options: CallOptions(authority: "hospital-sao-joao.localhost:8000"))
    #expect(signedIn.user?.role?.value == "owner")
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    let field: String
    let change: @Sendable (inout TraksenseV1.RegisterRequest) -> Void

    init(_ field: String, _ change: @escaping @Sendable (inout TraksenseV1.RegisterRequest) -> Void)
    {
      self.field = field
      self.change = change
    }

    var testDescription: String { field }
  }

  @Test(
    "a wrong field is named",
    arguments: [
      Bad("tenant_name") { $0.tenantName = " " },
      Bad("tenant_name") { $0.tenantName = String(repeating: "a", count: 101) },
      Bad("tenant_name") { $0.tenantName = "a\u{0}b" },
      Bad("tenant_slug") { $0.tenantName = "東京" },
      Bad("tenant_slug") { $0.tenantSlug = "not a slug" },
      Bad("tenant_slug") { $0.tenantSlug = "-a" },
      Bad("tenant_slug") { $0.tenantSlug = String(repeating: "a", count: 64) },
      Bad("tenant_slug") { $0.tenantSlug = "API" },
      Bad("tenant_slug") { $0.tenantSlug = "pg-catalog" },
      Bad("tenant_slug") { $0.tenantSlug = "1st" },
      Bad("tenant_slug") { $0.tenantName = "Public" },
      Bad("first_name") { $0.firstName = String(repeating: "a", count: 151) },
      Bad("last_name") { $0.lastName = "a\nb" },
      Bad("name") { $0.name = String(repeating: "a", count: 151) },
      Bad("username") { $0.username = "with@sign" },
      Bad("username") { $0.username = String(repeating: "a", count: 151) },
      Bad("email") { $0.email = "" },
      Bad("email") { $0.email = "no address" },
      Bad("password") { $0.password = "" },
      Bad("password") { $0.password = "short1!" },
      Bad("password") { $0.password = "password" },
      Bad("password") { $0.password = "8712638172" },
      Bad("password") { $0.password = "Ana.Souza@hospital" },
      Bad("password_confirm") { $0.passwordConfirm = ProtoStringValue("other") },
    ])
  func badField(bad: Bad) async throws {
    let fixture = try await AccountFixture()
    let error = await refusal { () async throws(RPCError) in
      try await register(fixture, bad.change)
    }
    #expect(error.code == .invalidArgument)
    #expect(error.fields == [bad.field], "\(error.violations)")
    #expect(fixture.accounts.edit { $0.tenants.count } == 2)
  }

  @Test("all wrong fields are named at once")
  func allAtOnce() async throws {
    let fixture = try await AccountFixture()
    let error = await refusal { () async throws(RPCError) in
      try await fixture.auth.register(.init(username: "!"))
    }
    #expect(error.fields == ["email", "password", "tenant_name", "username"])
  }

  @Test("lengths up to the limit are taken")
  func limits() async throws {
    let fixture = try await AccountFixture()
    let made = try await register(fixture) {
      $0.tenantName = String(repeating: "b", count: 100)
      $0.tenantSlug = String(repeating: "a", count: 63)
      $0.firstName = String(repeating: "a", count: 150)
      $0.username = String(repeating: "u", count: 150)
    }
    #expect(made.tenant?.slug.count == 63)
  }

  @Test("what exists already is ALREADY_EXISTS and named")
  func taken() async throws {
    let fixture = try await AccountFixture()
    _ = try await register(fixture)
    await Expected(.alreadyExists, "tenant_slug").check { () async throws(RPCError) in
      try await register(fixture)
    }
    await Expected(.alreadyExists, "email").check { () async throws(RPCError) in
      try await register(fixture) { $0.tenantSlug = "other" }
    }
    await Expected(.alreadyExists, "username").check { () async throws(RPCError) in
      try await register(fixture) {
        $0.tenantSlug = "other"
        $0.email = "else@hospital.example"
        $0.username = "ANA.souza"
      }
    }
    // Nobody asked for this user name: another one is found.
    let made = try await register(fixture) {
      $0.tenantSlug = "other"
      $0.email = "ana.souza@else.example"
    }
    #expect(made.user?.username.hasPrefix("ana.souza-") == true)
  }

  @Test("of many equal registrations at once, one is made")
  func concurrent() async throws {
    let fixture = try await AccountFixture()
    let codes = await withTaskGroup(of: StatusCode.self) { group in
      for _ in 0..<8 {
        group.addTask {
          do throws(RPCError) {
            _ = try await register(fixture)
            return .ok
          } catch {
            return error.code
          }
        }
      }
      var codes: [StatusCode] = []
      for await code in group { codes.append(code) }
      return codes
    }
    #expect(codes.count { $0 == .ok } == 1)
    #expect(codes.count { $0 == .alreadyExists } == 7)
  }

  @Test("can be closed, and is limited for each address")
  func closed() async throws {
    let closed = try await AccountFixture { $0.allowsRegistration = false }
    await Expected(.permissionDenied).check { () async throws(RPCError) in
      try await register(closed)
    }
    let fixture = try await AccountFixture { $0.registrationsPerHour = 1 }
    _ = try await register(fixture)
    let error = await refusal { () async throws(RPCError) in try await register(fixture) }
    #expect(error.code == .resourceExhausted && error.retryAfter == .seconds(3_600))
  }

  @Test(
    "slugs are made of names",
    arguments: [
      ("Acme", "acme"), ("  Acme   Corp. ", "acme-corp"), ("Ação & Cia", "acao-cia"),
      ("3M", "t-3m"), ("Größe", "grosse"), ("—", ""), ("a'b", "a-b"),
      (String(repeating: "x", count: 70), String(repeating: "x", count: 63)),
    ])
  func slugs(name: String, slug: String) {
    #expect(NewTenantSlug.make(of: name) == slug)
  }
}
