// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Signing up", .timeLimit(.minutes(15)))
  struct RegistrationTests {
    private static func form(_ changes: [String: String] = [:]) throws -> String {
      var form = [
        "tenant_name": "Ninth Street Clinic", "tenant_slug": "ninth", "name": "Ann Otherly",
        "email": "ann@ninth.example", "password": "Quiet-Harbour-17",
      ]
      form.merge(changes) { $1 }
      return String(decoding: try JSONEncoder().encode(form), as: UTF8.self)
    }

    private struct Registered: Decodable {
      struct User: Decodable {
        let username: String
        let fullName: String
        let role: String
      }

      struct Tenant: Decodable {
        let slug: String
        let apiBaseUrl: String
      }

      let user: User
      let tenant: Tenant
    }

    @Test("a tenant, its host and its owner are made in one go, and the owner can sign in there")
    func register() async throws {
      let stack = try await SharedStack.stack()
      let answer = try await stack.rest("POST", "/auth/register/", try Self.form(), host: "api")
      #expect(answer.status == 201, "\(answer.body)")
      let registered = try answer.json(Registered.self)
      #expect(registered.user.fullName == "Ann Otherly" && registered.user.role == "owner")
      #expect(registered.tenant.slug == "ninth")
      #expect(registered.tenant.apiBaseUrl.hasPrefix("http://ninth.localhost"))
      #expect(!answer.body.contains("token"), "\(answer.body)")

      let login = try await stack.rest(
        "POST", "/api/auth/login",
        #"{"username_or_email":"ANN@ninth.example","password":"Quiet-Harbour-17"}"#,
        host: "Ninth.localhost:8000")
      #expect(login.status == 200, "\(login.body)")
      // Nobody else's host takes them in.
      let elsewhere = try await stack.rest(
        "POST", "/api/auth/login",
        #"{"username_or_email":"ann@ninth.example","password":"Quiet-Harbour-17"}"#)
      #expect(elsewhere.status == 401, "\(elsewhere.body)")
      #expect(elsewhere.headers["set-cookie"] == nil)

      let again = try await stack.rest("POST", "/auth/register/", try Self.form(), host: "api")
      #expect(again.status == 409, "\(again.body)")
      #expect(again.body.contains(#""tenant_slug""#), "\(again.body)")
      let sameEmail = try await stack.rest(
        "POST", "/auth/register/", try Self.form(["tenant_slug": "tenth"]), host: "localhost")
      #expect(sameEmail.status == 409, "\(sameEmail.body)")
      #expect(sameEmail.body.contains(#""email""#), "\(sameEmail.body)")
      #expect(
        try await stack.query("SELECT 1 FROM pg_namespace WHERE nspname = 'tenth'").isEmpty,
        "nothing is left of a registration that failed")
    }

    @Test("of identical registrations at the same time, one gets 201 and the others 409")
    func concurrent() async throws {
      let stack = try await SharedStack.stack()
      let form = try Self.form(["tenant_slug": "race", "email": "racer@race.example"])
      let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
        for _ in 0..<6 {
          tasks.addTask {
            // All of the server's connections wait for the one that makes the schema: who is told to come again
            // because of that does.
            var status = 503
            try await eventually("it is answered") {
              status =
                try await stack.rest("POST", "/auth/register/", form, host: "localhost").status
              return status != 503
            }
            return status
          }
        }
        var statuses: [Int] = []
        for try await status in tasks { statuses.append(status) }
        return statuses.sorted()
      }
      #expect(statuses == [201, 409, 409, 409, 409, 409])
      #expect(
        try await stack.count("SELECT count(*) FROM accounts_user WHERE username = 'racer'") == 1)
      #expect(
        try await stack.count(
          """
          SELECT count(*) FROM accounts_membership m JOIN tenants_tenant t ON t.id = m.tenant_id
          WHERE t.slug = 'race' AND m.role = 'owner'
          """) == 1)
    }

    @Test(
      "bad input is refused with 400 and the field's name, and makes nothing",
      arguments: [
        (["tenant_name": ""], "tenant_name"),
        (["tenant_name": String(repeating: "x", count: 101)], "tenant_name"),
        (["tenant_slug": "no spaces"], "tenant_slug"),
        (["tenant_slug": "api"], "tenant_slug"),
        (["tenant_slug": String(repeating: "x", count: 64)], "tenant_slug"),
        (["email": "nobody"], "email"),
        (["email": ""], "email"),
        (["username": "with space"], "username"),
        (["name": String(repeating: "x", count: 302)], "name"),
        (["password": "12345678"], "password"),
        (["password": "short"], "password"),
        (["password": "password"], "password"),
        (["password_confirm": "something else"], "password_confirm"),
      ])
    func badInput(changes: [String: String], field: String) async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.count("SELECT count(*) FROM tenants_tenant")
      let form = try Self.form(
        ["tenant_slug": "bad-input", "email": "b@bad.example"].merging(changes) { $1 })
      let answer = try await stack.rest("POST", "/auth/register/", form, host: "localhost")
      #expect(answer.status == 400, "\(answer.body)")
      #expect(answer.body.hasPrefix(#"{"\#(field)":["#), "\(answer.body)")
      #expect(try await stack.count("SELECT count(*) FROM tenants_tenant") == before)
    }
  }
}
