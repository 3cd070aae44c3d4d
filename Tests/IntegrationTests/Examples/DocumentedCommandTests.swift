// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The commands of README.md and Examples/README.md, as they stand there, but for addresses and keys.
  @Suite("Documented commands", .timeLimit(.minutes(15)))
  struct DocumentedCommandTests {
    /// Runs a script of a page.
    /// - Parameter stop: a text after which it need not go on; nil: it ends by itself.
    private func run(
      _ script: String, on stack: TestStack, until stop: String? = nil
    ) async throws -> String {
      let folder = stack.freshLog("documented")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for name in ["proto", "Examples"] {
        try FileManager.default.createSymbolicLink(
          atPath: "\(folder)/\(name)", withDestinationPath: "\(Repository.root)/\(name)")
      }
      let path = try "\(Repository.programs):\(Repository.root)/.venv/bin"
      let inherited = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
      let run = try Run(
        "/bin/sh", ["-euc", "cd '\(folder)'\n" + adapted(script, to: stack)],
        environment: [
          "PATH": "\(path):\(inherited)", "KEY": stack.key(of: "umc"),
          "TRAKSENSE_API_KEY": stack.key(of: "umc"), "TRAKSENSE_URL": "http://\(stack.rpcAddress)",
          "TRAKSENSE_REST_URL": "http://\(TestStack.host):\(stack.server.httpPort)",
        ], log: "\(folder)/output.log")
      guard let stop else { return try await run.succeed() }
      try await run.waitFor(stop)
      await run.child.kill()
      return run.output
    }

    /// Puts this stack's addresses and keys in the place of those of `traksense dev`.
    private func adapted(_ script: String, to stack: TestStack) -> String {
      var script = script
      for (text, replacement) in [
        ("localhost:8000", "localhost:\(stack.server.httpPort)"),
        ("127.0.0.1:50051", stack.rpcAddress), ("dev-ingest-key", TestStack.ingestKey),
        ("mosquitto_pub ", "mosquitto_pub -p \(stack.broker.port) "),
        ("tsk_…", stack.key(of: "umc")), ("TRAKSENSE_API_KEY=…", "TRAKSENSE_API_KEY=\"$KEY\""),
        ("traksense call ", "traksense call --address \(stack.rpcAddress) "),
        (".build/release/traksense watch", "traksense watch --server \(stack.rpcAddress)"),
        // Built already.
        ("swift run ", ""),
        // Installed already, in .venv: where not, this fails.
        (
          "pip install -r Examples/Python/requirements.txt",
          "pip show -q $(cat Examples/Python/requirements.txt)"
        ),
      ] {
        script = script.replacing(text, with: replacement)
      }
      return script
    }

    @Test("every block of commands is run by a test here, or is said not to be")
    func allAreKnown() throws {
      let known = [
        // make run and make test: CI runs them; `traksense dev` has a test of its own.
        "README.md sh make run", "README.md text $ TRAKSENSE_API_KEY", "README.md sh mosquitto_pub",
        "README.md sh curl", "README.md python import grpc",
        // DocumentationTests type-check it.
        "README.md swift import TrakSenseAPI", "README.md sh export TRAKSENSE_API_KEY",
        "README.md sh export DB_URL",
        "Examples/README.md sh export TRAKSENSE_API_KEY", "Examples/README.md sh pip install",
        "Examples/README.md sh TRAKSENSE_PASSWORD",
      ]
      for page in ["README.md", "Examples/README.md"] {
        for block in try MarkdownBlocks(page: page).blocks {
          let name = "\(page) \(block.language) \(block.text)"
          #expect(known.contains { name.hasPrefix($0) }, "\(page):\(block.line)")
        }
      }
    }

    @Test("README: readings are sent over MQTT and REST, and read with curl")
    func sending() async throws {
      try await TestStack.with { stack in
        let page = try MarkdownBlocks(page: "README.md")
        let posted = try await run(page.block("sh", with: "curl http"), on: stack)
        #expect(posted.contains(#""status":"stored""#), "\(posted)")
        // Within the same second it is the same reading again: received, not stored.
        _ = try await run(page.block("sh", with: "mosquitto_pub"), on: stack)
        let isReceived = try await eventually {
          try await stack.tally().received == 2
        }
        #expect(isReceived)
        let latest = try await run(page.cell(with: "curl -H"), on: stack)
        #expect(
          latest.contains("\"device_id\":\"ESP32-01\"") && latest.contains("7.4"), "\(latest)")
      }
    }

    @Test("README: readings are watched and asked for, in a shell and in Python")
    func reading() async throws {
      try await TestStack.with { stack in
        let page = try MarkdownBlocks(page: "README.md")
        var sample = Sample(ago: 10)
        sample.value = "7.25"
        let posted = try await stack.post(sample.body)
        #expect([200, 201].contains(posted.status), "\(posted.body)")

        let session = try page.block("text", with: "traksense watch").split(separator: "\n")
        let watch = String(try #require(session.first).dropFirst(2))
        async let watched = run(watch, on: stack, until: "live from cursor")
        #expect(try await watched.contains(/— live from cursor \d+: 29 sensors/))
        #expect(session[1].contains(/— live from cursor \d+: 29 sensors/))
        #expect(try page.cell(with: "traksense watch").contains(".build/release/traksense watch"))

        let call = try await run(page.block("sh", with: "traksense call"), on: stack)
        #expect(call.contains(#""device_id":"ESP32-01""#) && call.contains("7.25"), "\(call)")

        let python = try page.block("python", with: "import grpc")
        let script =
          "python3 - <<'PYTHON'\nimport os\nkey = os.environ['KEY']\n\(python)\nPYTHON"
        let heard = try await run(script, on: stack, until: "start {")
        #expect(heard.contains("value: 7.25"), "\(heard)")
      }
    }

    @Test("README: a real installation is checked, migrated and served")
    func real() async throws {
      let stack = try await SharedStack.stack()
      let block = try MarkdownBlocks(page: "README.md").block("sh", with: "traksense serve")
      var lines = block.split(separator: "\n").map(String.init)
      // The stack's own server runs with these settings already.
      #expect(lines.removeLast().trimmingCharacters(in: .whitespaces) == "traksense serve")
      let settings = [
        "DB_URL=postgresql://…": "DB_URL='\(stack.postgres.connectionString)'",
        "EMQX_MQTT_URL=mqtt://…": "EMQX_MQTT_URL='\(stack.broker.url)'",
        "EMQX_WEBHOOK_SECRET=…": "EMQX_WEBHOOK_SECRET='\(TestStack.ingestKey)'",
        "SECRET_KEY=…": "SECRET_KEY='\(TestStack.secretKey)'",
      ]
      var script = lines.joined(separator: "\n")
      for (text, setting) in settings {
        #expect(script.contains(text))
        script = script.replacing(text, with: setting)
      }
      let output = try await run(script, on: stack)
      #expect(output.contains("DB_URL") && !output.contains(TestStack.secretKey), "\(output)")
    }

    @Test("Examples/README: the examples' commands")
    func examples() async throws {
      try await TestStack.with { stack in
        let page = try MarkdownBlocks(page: "Examples/README.md")
        let person = try await stack.createUser("owner", role: "viewer")
        // Something goes on while `follow` waits; more than the slowest machine needs.
        let publisher = try await stack.publishNumbered(
          0..<30_000, perSecond: 100, base: TestStack.base(secondsAgo: 60))
        let swift = try await run(page.block("sh", with: "swift run"), on: stack)
        #expect(swift.contains("— live from commit"), "\(swift)")
        #expect(swift.contains("\nstored temp_001 of "), "\(swift)")
        let python = try page.block("sh", with: "building_monitor.py")
          .replacing("--count 29", with: "--count 5")
        #expect(try await run(python, on: stack).contains("— live from commit"))
        let rest = try page.block("sh", with: "rest_monitor.py")
          .replacing("try-traksense-1", with: person.password)
        #expect(try await run(rest, on: stack).hasPrefix("signed in as owner"))
        await publisher.child.kill()
      }
    }
  }
}
