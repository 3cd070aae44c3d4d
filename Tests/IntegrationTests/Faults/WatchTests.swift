// SPDX-License-Identifier: Apache-2.0
import DevStack
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("traksense watch", .timeLimit(.minutes(15)))
  struct WatchTests {
    @Test("goes on when the server comes back, and says which commits it missed")
    func serverRestart() async throws {
      try await TestStack.with { stack in
        let watch = try stack.command(
          ["watch", "--server", stack.rpcAddress, "--device", "ESP32-01", "--count", "2"])
        try await watch.waitFor("live from cursor")
        func post(_ value: String) async throws {
          var sample = Sample()
          sample.value = value
          #expect(try await stack.post(sample.body).status == 201)
        }
        try await post("1.25")
        try await watch.waitFor("temp_001  1.25 ")

        watch.child.send(SIGSTOP)
        await stack.server.kill()
        try await stack.startServer()
        try await post("2.25")
        watch.child.send(SIGCONT)
        try await watch.waitFor("trying again")
        try await watch.waitFor("while away: commits ")
        try await post("3.25")
        let output = try await watch.succeed()
        #expect(output.contains("temp_001  3.25 "))
        #expect(!output.contains("temp_001  2.25 "))
      }
    }
  }
}
