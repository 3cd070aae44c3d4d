// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("traksense dev", .timeLimit(.minutes(15)))
  struct DevTests {
    @Test(
      "one command brings up everything; Ctrl-C takes it down; the next start makes nothing anew")
    func upAndDown() async throws {
      let folder = try TemporaryDirectory()
      let (http, rpc, mqtt) = (try FreePort.find(), try FreePort.find(), try FreePort.find())
      var readings = 0
      var initialised = ""
      for start in 1...2 {
        let dev = try Run(
          Repository.traksense,
          [
            "dev", "--directory", "\(folder.path)/data", "--interval", "0.2", "--http",
            "127.0.0.1:\(http)", "--rpc", "127.0.0.1:\(rpc)",
            "--admin", "127.0.0.1:\(try FreePort.find())", "--mqtt-port", "\(mqtt)",
          ], log: "\(folder.path)/dev-\(start).log")
        try await dev.waitFor("TrakSense is running", within: .seconds(120))
        let log = try String(
          contentsOfFile: "\(folder.path)/data/postgres/initdb.log", encoding: .utf8)
        if start == 2 { #expect(log == initialised) }
        initialised = log

        let key = try #require(dev.output.firstMatch(of: /API key +(tsk_\S+)/)).1
        let watch = try Run(
          Repository.traksense, ["watch", "--server", "127.0.0.1:\(rpc)", "--count", "40"],
          environment: ["TRAKSENSE_API_KEY": String(key)],
          log: "\(folder.path)/watch-\(start).log")
        try await watch.succeed()
        #expect(watch.output.contains("live from cursor"))
        #expect(watch.output.split(separator: "\n").count { $0.contains("  ESP32-0") } == 40)

        let database = try #require(
          dev.output.split(separator: " ").first { $0.hasPrefix("postgresql://") })
        let count = try Run(
          Tool.named("psql").path,
          [
            "-AtXc", "SELECT count(*) FROM \(TestStack.schema).telemetry_readings",
            String(database.prefix { !$0.isWhitespace }),
          ], log: "\(folder.path)/psql-\(start).log")
        let stored = try #require(
          Int(try await count.succeed().trimmingCharacters(in: .whitespacesAndNewlines)))
        // What the first run stored is still there.
        #expect(stored >= readings + 29)
        readings = stored

        dev.child.send(SIGINT)
        #expect(try await dev.end() == .exited(0), "\(dev.output)")
        for port in [http, rpc, mqtt] { #expect(!FreePort.isListening(port)) }
      }
    }
  }
}
