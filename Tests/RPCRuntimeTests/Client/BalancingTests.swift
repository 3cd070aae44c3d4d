// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("A client with several servers", .timeLimit(.minutes(5)))
struct BalancingTests {
  private static func target(_ servers: [NamedServer]) -> ClientTarget {
    ClientTarget(servers.map { .host("127.0.0.1", port: $0.port) })
  }

  private static func servers(_ names: String...) async throws -> [NamedServer] {
    var servers: [NamedServer] = []
    for name in names { servers.append(try await NamedServer(name)) }
    return servers
  }

  private func tally(_ client: RPCClient, _ calls: Int) async throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for _ in 0..<calls { counts[try await client.ask(NamedServer.name), default: 0] += 1 }
    return counts
  }

  @Test("round robin: each server gets its share; one that dies costs no call that it had not got")
  func roundRobin() async throws {
    let servers = try await Self.servers("a", "b", "c")
    try await withClient(Self.target(servers)) { client async throws in
      try await eventually("all three take calls") { try await tally(client, 3).count == 3 }
      #expect(try await tally(client, 30) == ["a": 10, "b": 10, "c": 10])
      await servers[1].stop()
      // GOAWAY came before the end.
      let counts = try await tally(client, 30)
      #expect(counts["b"] == nil)
      let again = try await NamedServer("b again", port: servers[1].port)
      try await eventually("the restarted server takes calls") {
        try await tally(client, 3)["b again"] == 1
      }
      await again.stop()
    }
    for server in servers { await server.stop() }
  }

  @Test("foreign servers share the calls too")
  func foreign() async throws {
    let servers = [
      try await ForeignServer(name: "x"), try await ForeignServer(name: "y"),
    ]
    let target = ClientTarget(servers.map { .host("127.0.0.1", port: $0.port) })
    try await withClient(target) { client async throws in
      func names(_ calls: Int) async throws -> [Character: Int] {
        var names: [Character: Int] = [:]
        for _ in 0..<calls {
          let answer = try await client.ask(ForeignServer.method("Who"))
          if let name = answer.first { names[name, default: 0] += 1 }
        }
        return names
      }
      try await eventually("both take calls") { try await names(2).count == 2 }
      #expect(try await names(20) == ["x": 10, "y": 10])
      await servers[0].kill()
      // A call that was sent to the dead server may fail; later ones do not.
      try await eventually("the other has all calls") {
        do {
          return try await names(10) == ["y": 10]
        } catch let error as RPCError {
          #expect(error.code == .unavailable)
          return false
        }
      }
    }
    for server in servers { await server.stop() }
  }

  @Test("pick first: the first server that answers has all calls, the next one when it is gone")
  func pickFirst() async throws {
    let servers = try await Self.servers("gone", "a", "b")
    await servers[0].stop()
    var configuration = ClientConfiguration.quick
    configuration.loadBalancing = .pickFirst
    try await withClient(Self.target(servers), configuration) { client async throws in
      #expect(try await tally(client, 10) == ["a": 10])
      await servers[1].stop()
      #expect(try await tally(client, 10) == ["b": 10])
      await servers[2].stop()
      #expect(await client.failure(NamedServer.name)?.code == .unavailable)
    }
  }

  @Test("a name with an address of each family is one target")
  func localhost() async throws {
    let server = try await NamedServer("a")
    try await withClient(.host("localhost", port: server.port)) { client async throws in
      #expect(try await client.ask(NamedServer.name) == "a")
    }
    await server.stop()
  }

  @Test("a name that nobody knows fails calls with that")
  func unknownName() async throws {
    try await withClient(.host("no-such-host.invalid", port: 1)) { client async throws in
      let error = await client.failure(NamedServer.name)
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("no-such-host.invalid") == true)
    }
  }

  @Test("a target without an endpoint fails calls")
  func empty() async throws {
    try await withClient(ClientTarget([])) { client async throws in
      #expect(await client.failure(NamedServer.name)?.code == .unavailable)
    }
  }
}
