// SPDX-License-Identifier: Apache-2.0
import DevStack
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Commands that cannot do what they are asked", .timeLimit(.minutes(15)))
  struct CommandTests {
    @Test("a second server on a used port says so and fails", arguments: ["HTTP", "RPC", "ADMIN"])
    func usedPort(listener: String) async throws {
      let stack = try await SharedStack.stack()
      let used =
        switch listener {
        case "HTTP": stack.server.httpPort
        case "RPC": stack.server.rpcPort
        default: stack.server.adminPort
        }
      var environment = [
        "TRAKSENSE_HTTP_LISTEN": "127.0.0.1:\(try FreePort.find())",
        "TRAKSENSE_RPC_LISTEN": "127.0.0.1:\(try FreePort.find())",
        "TRAKSENSE_ADMIN_LISTEN": "127.0.0.1:\(try FreePort.find())",
        // The running server keeps its session at the broker.
        "TRAKSENSE_MQTT_CLIENT_ID": "second-server",
      ]
      environment["TRAKSENSE_\(listener)_LISTEN"] = "127.0.0.1:\(used)"
      let second = try stack.command(["serve"], environment: environment)
      let exit = try await second.end()
      #expect(exit != .exited(0), "\(second.output)")
      if case .killed = exit { Issue.record("it crashed: \(second.output)") }
      #expect(second.output.contains("127.0.0.1:\(used)"), "\(second.output)")
      #expect(second.output.contains("in use"), "\(second.output)")
      #expect(try await stack.isHealthy())
    }

    @Test(
      "a wrong database address is told apart, without the password",
      arguments: [
        ("nonsense", "DB_URL"),
        ("", "DB_URL"),
        ("postgresql://traksense:\(TestStack.databasePassword)@127.0.0.1:1/traksense", "127.0.0.1"),
      ])
    func wrongDatabase(url: String, word: String) async throws {
      let stack = try await SharedStack.stack()
      for command in ["migrate", "seed"] {
        let run = try stack.command([command], environment: ["TRAKSENSE_DB_URL": url])
        let exit = try await run.end()
        #expect(exit != .exited(0))
        if case .killed = exit { Issue.record("\(command) crashed") }
        #expect(run.output.contains(word), "\(command): \(run.output)")
        #expect(!run.output.contains(TestStack.databasePassword), "\(run.output)")
      }
    }

    @Test("a database that does not exist is named")
    func missingDatabase() async throws {
      let stack = try await SharedStack.stack()
      let url = stack.postgres.connectionString(database: "nowhere")
      let run = try stack.command(["migrate"], environment: ["TRAKSENSE_DB_URL": url])
      #expect(try await run.end() != .exited(0))
      #expect(run.output.contains("nowhere"), "\(run.output)")
    }

    @Test("check-config prints every setting and no secret")
    func checkConfig() async throws {
      let stack = try await SharedStack.stack()
      let run = try stack.command(
        ["check-config"],
        environment: ["TRAKSENSE_EMQX_MQTT_URL": "mqtt://device:mqtt-secret-91@127.0.0.1:1883"])
      let output = try await run.succeed()
      for line in ["DB_URL=(set)", "EMQX_WEBHOOK_SECRET=(set)", "HTTP_LISTEN=127.0.0.1:"] {
        #expect(output.contains(line), "\(output)")
      }
      for secret in [TestStack.databasePassword, TestStack.ingestKey, "mqtt-secret-91"] {
        #expect(!output.contains(secret), "\(output)")
      }
    }

    @Test("all that is wrong with the settings is said at once")
    func allProblems() async throws {
      let stack = try await SharedStack.stack()
      let run = try stack.command(
        ["check-config", "--set", "HTTP_LISTEN=nowhere", "--set", "COLOUR=blue"],
        environment: ["TRAKSENSE_LOG_LEVEL": "loud", "TRAKSENSE_DB_CONNECTIONS": "0"])
      #expect(try await run.end() != .exited(0))
      for name in ["HTTP_LISTEN", "COLOUR", "LOG_LEVEL", "DB_CONNECTIONS"] {
        #expect(run.output.contains(name), "\(run.output)")
      }
    }

    @Test("watch fails when the tenant is unknown")
    func watchUnknownTenant() async throws {
      let stack = try await SharedStack.stack()
      let run = try stack.command(["watch", "--server", stack.rpcAddress, "--tenant", "nobody"])
      #expect(try await run.end() == .exited(1))
      #expect(run.output.contains("unknown tenant"), "\(run.output)")
    }

    @Test("migrating and seeding again changes nothing")
    func again() async throws {
      let stack = try await SharedStack.stack()
      let before = try await stack.count("SELECT count(*) FROM \(TestStack.schema).assets_sensor")
      #expect(before == 29)
      #expect(try await stack.command(["migrate"]).succeed().contains("nothing to do"))
      try await stack.command(["seed"]).succeed()
      let after = try await stack.count("SELECT count(*) FROM \(TestStack.schema).assets_sensor")
      #expect(after == before)
    }
  }
}
