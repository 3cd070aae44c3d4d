// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("The existing client", .timeLimit(.minutes(15)))
  struct ReactFlowTests {
    private struct Step: Decodable {
      struct User: Decodable {
        let username: String?
        let role: String?
        let site: String?
      }

      struct Tenant: Decodable {
        let slug: String
        let domain: String
        let apiBaseUrl: String
      }

      let name: String
      let status: Int
      let keys: [String]?
      let cookies: [String]?
      let tenant: Tenant?
      let user: User?
      let url: String?
      let access: Bool?
      let refresh: Bool?
    }

    @Test("signs in, finds its base URL, renews its session when refused, tries again, signs out")
    func flow() async throws {
      let stack = try await SharedStack.stack()
      let person = try await stack.createUser("react", role: "operator")
      let port = stack.server.httpPort
      let run = try await stack.python(
        "react.py", ["\(port)", TestStack.host, person.email.uppercased(), person.password])
      try await run.succeed()
      let steps = run.lines(Step.self)
      func step(_ name: String) throws -> Step {
        try #require(steps.first { $0.name == name }, "\(run.output)")
      }
      let login = try step("login")
      #expect(login.status == 200)
      #expect(login.keys == ["message", "tenant", "user"], "tokens are in cookies only")
      for name in ["access_token", "refresh_token"] {
        let cookie = try #require(login.cookies?.first { $0.hasPrefix("\(name)=") })
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
          #expect(cookie.contains(attribute), "\(cookie)")
        }
        #expect(!cookie.contains("Domain"), "\(cookie)")
      }
      #expect(login.tenant?.slug == "umc")
      #expect(login.tenant?.domain == "\(TestStack.host):\(port)")
      #expect(try step("base").url == "http://\(TestStack.host):\(port)/api")
      #expect(try step("me").status == 200)
      #expect(try step("me").user?.username == person.username)
      #expect(try step("me").user?.role == "operator")
      #expect(try step("renewal").status == 200)
      #expect(try step("me after renewal").status == 200)
      #expect(try step("rotation").access == true && step("rotation").refresh == true)
      #expect(try step("login with a stale cookie").status == 200)
      #expect(try step("logout").status == 200)
      #expect(try step("logout").cookies == [])
      #expect(try step("me after logout").status == 401)
      #expect(try step("renewal after logout").status == 401)
      #expect(try step("first use").status == 200)
      #expect(try step("reuse").status == 401)
      #expect(try step("successor after reuse").status == 401)
      #expect(try step("access after reuse").status == 401)
    }
  }
}
