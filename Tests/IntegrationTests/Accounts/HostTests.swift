// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Hosts", .timeLimit(.minutes(15)))
  struct HostTests {
    @Test("an unknown host is a 404 in JSON on every path, which a page of another origin can read")
    func unknownHost() async throws {
      try await TestStack.with(environment: [
        "TRAKSENSE_CORS_ALLOWED_ORIGINS": "https://app.example.com"
      ]) { stack in
        let origin = ["Origin: https://app.example.com"]
        for path in ["/", "/auth/me/", "/api/auth/login/", "/ingest/latest/ESP32-01/", "/nothing"] {
          let answer = try await stack.rest(
            "GET", path, host: "nobody.example.com", headers: origin)
          #expect(answer.status == 404, "\(path): \(answer.body)")
          #expect(answer.body.hasPrefix(#"{"detail":"#), "\(path): \(answer.body)")
          #expect(answer.headers["access-control-allow-origin"] == "https://app.example.com")
          #expect(answer.headers["access-control-allow-credentials"] == "true")
        }
        let preflight = try await stack.rest(
          "OPTIONS", "/auth/login/", host: "nobody.example.com",
          headers: origin + ["Access-Control-Request-Method: POST"])
        #expect(preflight.status == 204)
        #expect(preflight.headers["access-control-allow-origin"] == "https://app.example.com")
        // Probes come with whatever host they like.
        #expect(try await stack.rest("GET", "/health/", host: "10.1.2.3").status == 200)
      }
    }

    @Test("case and port of the host do not matter")
    func folded() async throws {
      let stack = try await SharedStack.stack()
      for host in ["UMC.localhost", "umc.LOCALHOST:8000"] {
        #expect(try await stack.get("/tenant/", host: host).status == 200)
      }
    }

    @Test("a suspended tenant is refused everywhere, and let in again when it is resumed")
    func suspended() async throws {
      try await TestStack.with { stack in
        let person = try await stack.createUser("sue", role: "owner")
        let login = #"{"username_or_email":"\#(person.username)","password":"\#(person.password)"}"#
        #expect(try await stack.rest("POST", "/auth/login/", login).status == 200)
        try await stack.command(["tenant", "suspend", "umc"]).succeed()
        let isRefused = try await eventually {
          try await stack.get("/tenant/").status == 403
        }
        #expect(isRefused)
        #expect(try await stack.call([.latest("ESP32-01")]).first?.code == "PERMISSION_DENIED")
        #expect([401, 403].contains(try await stack.rest("POST", "/auth/login/", login).status))
        try await stack.command(["tenant", "resume", "umc"]).succeed()
        let isBack = try await eventually {
          try await stack.get("/tenant/").status == 200
        }
        #expect(isBack)
      }
    }
  }
}
