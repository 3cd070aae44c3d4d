// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What people copy must work: the example clients against the real server.
  @Suite("Examples: building-monitor", .timeLimit(.minutes(15)))
  struct BuildingMonitorTests {
    @Test(
      "readings are sent, and come back as latest and hour by hour",
      arguments: ExampleClient.allCases)
    func sendAndRead(client: ExampleClient) async throws {
      try await TestStack.with { stack in
        let key = try await stack.apiKey(of: "umc", ["ingest"])
        let send = ["send", "ESP32-02", "temp_001"]
        let yesterday = Self.yesterday
        for (value, minute) in [("6.5", "05"), ("8", "25"), ("7.25", "45")] {
          let at = "\(yesterday)T00:\(minute):00Z"
          let sent = try client.run(send + [value, "°C", "--at", at], on: stack, key: key)
          #expect(try await sent.succeed() == "stored temp_001 of \(at)\n")
        }
        let again = try client.run(
          send + ["6.5", "°C", "--at", "\(yesterday)T00:05:00Z"], on: stack, key: key)
        #expect(try await again.succeed().hasPrefix("there was a reading of temp_001 of"))
        let now = try client.run(send + ["5.125", "°C"], on: stack, key: key)
        #expect(try await now.succeed().hasPrefix("stored temp_001 of"))

        let history = try await client.run(
          ["yesterday", "ESP32-02", "--sensor", "temp_001"], on: stack
        ).succeed()
        // Unless midnight, UTC, has passed meanwhile.
        if Self.yesterday == yesterday {
          let row = "temp_001      min 6.5  avg 7.25  max 8 °C  (3 readings)"
          #expect(history == "\(yesterday)T00:00:00Z  \(row)\n")
        }
        let latest = try await client.run(["latest", "ESP32-02"], on: stack).succeed()
        #expect(latest.contains(/temp_001 +temp_supply +5\.125 °C  \d{4}-/), "\(latest)")
        let empty = try await client.run(["latest", "ESP32-04"], on: stack).succeed()
        #expect(empty == "ESP32-04 has not measured anything yet\n")
        let silent = try await client.run(["yesterday", "ESP32-04"], on: stack).succeed()
        #expect(silent == "ESP32-04 measured nothing yesterday\n")
      }
    }

    @Test("the devices of a site are listed, or of all sites", arguments: ExampleClient.allCases)
    func devices(client: ExampleClient) async throws {
      let stack = try await SharedStack.stack()
      let all = try await client.run(["devices"], on: stack).succeed().split(separator: "\n")
      #expect(all.count == 6 && all.allSatisfy { $0.hasPrefix("ESP32-0") }, "\(all)")
      let one = try await client.run(["devices", "--site", "Clínica Norte"], on: stack).succeed()
        .split(separator: "\n")
      #expect(Set(one.map { $0.prefix(8) }) == ["ESP32-04", "ESP32-06"])
      let none = try client.run(["devices", "--site", "Nowhere"], on: stack)
      #expect(try await none.end() == .exited(1))
      #expect(none.output.contains("no site is called 'Nowhere'"))
    }

    @Test(
      "what goes wrong is told in words, and is the exit status", arguments: ExampleClient.allCases)
    func failures(client: ExampleClient) async throws {
      let stack = try await SharedStack.stack()
      let ingest = try await stack.apiKey(of: "umc", ["ingest"])
      let nowhere = "http://127.0.0.1:\(try FreePort.find())"
      let cases: [(arguments: [String], key: String?, url: String?, words: [String])] = [
        (["latest", "ESP32-99"], nil, nil, ["NOT_FOUND: ", "\n  device_id: "]),
        (["follow", "ESP32-01"], "tsk_no_key", nil, ["UNAUTHENTICATED: ", "TRAKSENSE_API_KEY"]),
        (["latest", "ESP32-01"], ingest, nil, ["PERMISSION_DENIED: ", "scopes"]),
        (
          ["send", "ESP32-02", "temp_001", "7", "°F"], ingest, nil,
          ["INVALID_ARGUMENT: ", "\n  readings[0].unit: "]
        ),
        (["send", "ESP32-02", "temp_999", "7", "°C"], ingest, nil, ["NOT_FOUND: "]),
        (["latest", "ESP32-01"], nil, nowhere, ["UNAVAILABLE: ", "is the server running"]),
      ]
      for (arguments, key, url, words) in cases {
        let run = try client.run(arguments, on: stack, key: key, url: url)
        #expect(try await run.end() == .exited(1), "\(arguments): \(run.output)")
        for word in words { #expect(run.output.contains(word), "\(arguments): \(run.output)") }
      }
      let wrong: [(arguments: [String], key: String?, url: String?, word: String)] = [
        (["latest", "ESP32-01"], "", nil, "TRAKSENSE_API_KEY is not set"),
        (["latest", "ESP32-01"], nil, "localhost", "is not http://host:port"),
        (
          ["send", "ESP32-02", "temp_001", "7", "°C", "--at", "noon"], ingest, nil, "--at is not a"
        ),
        (["latest"], nil, nil, "device"),
      ]
      for (arguments, key, url, word) in wrong {
        let run = try client.run(arguments, on: stack, key: key, url: url)
        #expect(try await run.end() != .exited(0))
        #expect(run.output.contains(word), "\(arguments): \(run.output)")
      }
    }

    @Test(
      "whoever follows gets every reading once, through restarts, crashes and while not looking",
      arguments: ExampleClient.allCases)
    func follow(client: ExampleClient) async throws {
      try await TestStack.with { stack in
        let base = TestStack.base(secondsAgo: 60)
        let run = try client.run(["follow", "ESP32-01", "--count", "600"], on: stack)
        try await run.waitFor("live from commit")
        try await stack.publishNumbered(0..<100, base: base).succeed()
        try await run.waitFor("  \(Self.text(99)) ")

        // Stopped, it cannot see how its connection ends and what is committed meanwhile.
        run.child.send(SIGSTOP)
        #expect(await stack.server.terminate() == .exited(0))
        try await stack.publishNumbered(100..<200, base: base).succeed()
        try await stack.startServer()
        try await stack.waitForReadings(200)
        run.child.send(SIGCONT)
        try await run.waitFor("100 readings from history")

        // And killed while readings come.
        let publisher = try await stack.publishNumbered(200..<600, perSecond: 100, base: base)
        try await stack.waitForReadings(300)
        await stack.server.kill()
        try await stack.startServer()
        try await publisher.succeed()
        try await run.succeed()
        #expect(Self.numbers(run.output) == Array(0..<600), "\(run.output)")
      }
    }

    /// The day before today, UTC: `2025-11-24`.
    private static var yesterday: String {
      Date(timeIntervalSinceNow: -86_400).formatted(.iso8601.year().month().day())
    }

    /// How a reading's value is printed.
    private static func text(_ number: Int) -> String {
      let value = (Double(number) / 256 * 1000).rounded() / 1000
      return value.formatted(
        .number.grouping(.never).precision(.fractionLength(0...3))
          .locale(Locale(identifier: "en_US_POSIX")))
    }

    /// The numbers of the readings that were printed, ascending.
    private static func numbers(_ output: String) -> [Int] {
      output.split(separator: "\n").filter { !$0.hasPrefix("—") }.compactMap { line in
        let words = line.split(separator: " ")
        guard words.count == 5, let value = Double(words[3]) else { return nil }
        return Int((value * 256).rounded())
      }.sorted()
    }
  }
}
