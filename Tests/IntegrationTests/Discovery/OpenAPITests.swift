// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Glibc
import Testing

extension EndToEnd {
  /// The published document against the server that publishes it, by tools that know nothing of either.
  @Suite("The OpenAPI document is true", .timeLimit(.minutes(30)))
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

    private struct Examples: Decodable {
      let operations: [String]
      let requests: Int
      let problems: [String]
    }

    @Test("every documented example is answered as documented, and every documented refusal comes")
    func examples() async throws {
      let folder = try TemporaryDirectory()
      let http = try FreePort.find()
      let dev = try Run(
        Repository.traksense,
        [
          "dev", "--directory", "\(folder.path)/data", "--interval", "0", "--http",
          "127.0.0.1:\(http)", "--rpc", "127.0.0.1:\(try FreePort.find())",
          "--admin", "127.0.0.1:\(try FreePort.find())", "--mqtt-port", "\(try FreePort.find())",
          "--ingest-key", TestStack.ingestKey,
        ], log: "\(folder.path)/dev.log")
      try await dev.waitFor("TrakSense is running", within: .seconds(60))
      let database = try #require(dev.output.firstMatch(of: /postgresql:\S+/)).output
      let clients = "\(Repository.root)/Tests/IntegrationTests/Clients"
      let walk = try Run(
        Tool.python().path,
        [
          "\(clients)/examples.py", "\(http)", String(database), "\(folder.path)/data/mail",
          TestStack.ingestKey,
        ], environment: ["PYTHONDONTWRITEBYTECODE": "1"], log: "\(folder.path)/examples.log")
      let found = try await walk.result(Examples.self, within: .seconds(120))
      for problem in found.problems { Issue.record("\(problem)") }
      #expect(found.operations.count > 150)
      #expect(Set(found.operations).count == found.operations.count)
      print("\(found.operations.count) operations' examples took \(found.requests) requests")
      dev.child.send(SIGINT)
      #expect(try await dev.end(within: .seconds(20)) == .exited(0), "\(dev.output)")
    }

    private struct Generated: Decodable {
      let warnings: [String]
      let sites: [String]
      let asset: String
      let refused: [String: [String]]
      let history: [Double]
    }

    @Test("a foreign generator makes a client of it, which lists, makes and reads")
    func generated() async throws {
      let stack = try await SharedStack.stack()
      let key = try await stack.apiKey(of: "umc", ["admin"])
      let folder = try TemporaryDirectory()
      let reading = try await stack.post(
        #"{"device_id":"ESP32-01","sensor_id":"temp_001","value":6.25,"unit":"°C","timestamp":\#(Date().timeIntervalSince1970 - 60)}"#
      )
      #expect(reading.status == 201, "\(reading.body)")
      let clients = "\(Repository.root)/Tests/IntegrationTests/Clients"
      let run = try Run(
        Tool.python().path,
        ["\(clients)/generated.py", "http://127.0.0.1:\(stack.server.httpPort)", key, folder.path],
        environment: ["PYTHONDONTWRITEBYTECODE": "1"], log: stack.freshLog("generated"))
      let client = try await run.result(Generated.self, within: .seconds(60))
      // Pictures are of no type that it knows.
      #expect(client.warnings == ["WARNING parsing GET /media/{key}/ within media."])
      #expect(client.sites.contains("Hospital Central"))
      #expect(client.asset == "GEN-1")
      #expect(client.refused.keys.contains("tag"))
      #expect(client.history.contains(6.25))
    }

    /// What a run of schemathesis leaves out.
    private static let excluded = [
      // Never ends: events come until the caller goes.
      "getIngestStream",
      // Would end the very key that the run shows.
      "RevokeAPIKey", "RotateAPIKey",
    ]

    /// How long schemathesis goes on by itself, in seconds, after the fixed runs.
    private static let seconds = ProcessInfo.processInfo.environment["SCHEMATHESIS_SECONDS"]
      .flatMap { Int($0) }

    @Test("schemathesis finds no 5xx, no answer outside the document, and no bad input taken")
    func conformance() async throws {
      try await TestStack.with { stack in
        let key = try await stack.apiKey(of: "umc", ["admin"])
        // The further paths of an RPC lead to the same code: thousands of cases once are enough.
        let firstPaths = ["--exclude-operation-id-regex", "[0-9]$"]
        // Random texts have characters that no field takes.
        let anything = ["--exclude-checks", "positive_data_acceptance"]
        try await check(stack, key, ["--phases", "examples,coverage"] + firstPaths)
        try await check(stack, nil, ["--phases", "coverage"] + firstPaths + anything)
        try await check(
          stack, key, ["--phases", "fuzzing", "--max-examples", "2"] + anything)
        try await check(
          stack, key, ["--phases", "stateful", "--max-examples", "20"] + anything, atLeast: 50)
        if let seconds = Self.seconds {
          try await check(
            stack, key,
            ["--phases", "fuzzing,stateful", "--max-time", "\(seconds)"] + anything)
        }
        // The key was good to the end.
        let tenant = try await stack.rest("GET", "/tenant/", headers: ["X-Api-Key: \(key)"])
        #expect(tenant.status == 200, "\(tenant.body)")
      }
    }

    /// - Parameters:
    ///   - key: shown by whatever takes one; nil: nothing is shown.
    ///   - atLeast: fewer cases show that something is wrong with the run itself.
    private func check(
      _ stack: TestStack, _ key: String?, _ arguments: [String], atLeast: Int = 500
    ) async throws {
      let address = "http://127.0.0.1:\(stack.server.httpPort)"
      let clients = "\(Repository.root)/Tests/IntegrationTests/Clients"
      var settings = try String(
        contentsOf: URL(filePath: "\(clients)/schemathesis.toml"), encoding: .utf8)
      if let key { settings += "\n[auth.openapi.apiKey]\napi_key = \"\(key)\"\n" }
      let file = stack.freshLog("schemathesis-settings")
      try Data(settings.utf8).write(to: URL(filePath: file))
      let began = ContinuousClock.now
      let output = try await Run(
        Tool.python().path,
        [
          "-m", "schemathesis.cli", "--config-file", file, "run", "\(address)/api/schema/", "--url",
          "\(address)/api", "--header", "Host: \(TestStack.host)",
          // Two that parse Python at the same time fail now and then: "AST constructor recursion depth
          // mismatch" (CPython 3.11 counts for all threads together).
          "--workers", "1", "--seed", "7", "--no-shrink", "--continue-on-failure",
          "--generation-database", "none", "--suppress-health-check", "all", "--request-timeout",
          "20", "--warnings", "off", "--no-color",
        ] + Self.excluded.flatMap { ["--exclude-operation-id", $0] } + arguments,
        environment: ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": clients],
        log: stack.freshLog("schemathesis")
      ).succeed(within: .seconds(240 + (Self.seconds ?? 0)))
      let cases = try #require(output.firstMatch(of: /([0-9]+) generated, ([0-9]+) passed/)?.output)
      #expect((Int(cases.1) ?? 0) > atLeast, "\(output)")
      print("schemathesis: \(cases.1) cases in \(ContinuousClock.now - began)")
    }
  }
}
