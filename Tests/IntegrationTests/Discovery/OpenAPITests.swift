// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Testing

extension EndToEnd {
  /// The published document against the server that publishes it, by tools that know nothing of either.
  @Suite("The OpenAPI document is true", .timeLimit(.minutes(5)))
  struct OpenAPITests {
    private struct Checked: Decodable {
      let version: String
      let paths: Int
    }

    @Test("a validator of OpenAPI 3.1 finds nothing wrong with it")
    func valid() async throws {
      let stack = try await SharedStack.stack()
      let answer = try await stack.get("/api/schema/", isSignedIn: false)
      #expect(answer.status == 200)
      let file = stack.freshLog("schema")
      try Data(answer.body.utf8).write(to: URL(filePath: file))
      let checked = try await stack.python("openapi.py", [file]).result(Checked.self)
      #expect(checked.version == "3.1.0")
      #expect(checked.paths > 100)
    }

    /// What a run of schemathesis leaves out.
    private static let excluded = [
      // Never ends: events come until the caller goes.
      "getIngestStream",
      // Would end the very key that the run shows.
      "RevokeAPIKey", "RotateAPIKey",
    ]

    @Test("schemathesis finds no 5xx and no answer that the document does not have")
    func conformance() async throws {
      try await TestStack.with { stack in
        let key = try await stack.apiKey(of: "umc", ["admin"])
        // The further paths of an RPC lead to the same code: thousands of cases once are enough.
        try await check(
          stack, ["X-Api-Key: \(key)"],
          ["--phases", "coverage", "--exclude-operation-id-regex", "[0-9]$"])
        try await check(
          stack, ["X-Api-Key: \(key)"], ["--phases", "fuzzing", "--max-examples", "2"])
        try await check(stack, [], ["--phases", "fuzzing", "--max-examples", "2"])
        // The key was good to the end.
        let tenant = try await stack.rest("GET", "/tenant/", headers: ["X-Api-Key: \(key)"])
        #expect(tenant.status == 200, "\(tenant.body)")
      }
    }

    private func check(
      _ stack: TestStack, _ headers: [String], _ arguments: [String]
    ) async throws {
      let address = "http://127.0.0.1:\(stack.server.httpPort)"
      let clients = "\(Repository.root)/Tests/IntegrationTests/Clients"
      let checks = [
        "not_a_server_error", "status_code_conformance", "content_type_conformance",
        "response_headers_conformance", "response_schema_conformance",
      ]
      let began = ContinuousClock.now
      let output = try await Run(
        Tool.python().path,
        [
          "-m", "schemathesis.cli", "--config-file", "\(clients)/schemathesis.toml", "run",
          "\(address)/api/schema/", "--url", "\(address)/api", "--checks",
          checks.joined(separator: ","), "--workers", "2", "--seed", "7", "--no-shrink",
          "--continue-on-failure", "--generation-database", "none", "--suppress-health-check",
          "all", "--request-timeout", "20", "--warnings", "off", "--no-color",
        ] + (headers + ["Host: \(TestStack.host)"]).flatMap { ["--header", $0] }
          + Self.excluded.flatMap { ["--exclude-operation-id", $0] } + arguments,
        environment: ["PYTHONDONTWRITEBYTECODE": "1"], log: stack.freshLog("schemathesis")
      ).succeed(within: .seconds(200))
      let cases = try #require(output.firstMatch(of: /([0-9]+) generated, ([0-9]+) passed/)?.output)
      #expect(cases.1 == cases.2)
      #expect((Int(cases.1) ?? 0) > 100, "\(output)")
      print("schemathesis: \(cases.1) cases in \(ContinuousClock.now - began)")
    }
  }
}
