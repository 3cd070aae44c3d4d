// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Login lock-out", .timeLimit(.minutes(5)))
struct LoginGuardTests {
  static func fail(_ town: Town, _ name: String = "maria", times: Int = 1) async throws {
    for _ in 0..<times {
      try await town.stores.loginGuard.noteFailure(
        of: name, user: 7, tenant: 3, by: town.actor(""))
    }
  }

  static func lock(_ town: Town, _ name: String = "maria") async throws -> Duration? {
    try await town.stores.loginGuard.lockout(of: name, at: town.time.now)
  }

  @Test("4 failures do not lock, the 5th does, and each further one doubles, up to 15 minutes")
  func thresholds() async throws {
    try await withTown { town throws in
      try await Self.fail(town, times: 4)
      #expect(try await Self.lock(town) == nil)
      try await Self.fail(town)
      #expect(try await Self.lock(town) == .seconds(60))
      #expect(try await Self.lock(town, "MARIA") == .seconds(60))
      #expect(try await Self.lock(town, "other") == nil)
      town.time.advance(seconds: 59)
      #expect(try await Self.lock(town) == .seconds(1))
      town.time.advance(seconds: 1)
      #expect(try await Self.lock(town) == nil)
      for expected in [120, 240, 480, 900, 900] {
        try await Self.fail(town)
        #expect(try await Self.lock(town) == .seconds(expected))
        town.time.advance(seconds: expected)
      }
      #expect(try await town.audited(.signInFailed) == 10)
      #expect(try await town.audited(.signInLocked) == 6)
      // Very many do not overflow anything.
      try await town.database.run("UPDATE public.accounts_lockout SET failures = 2000000000")
      try await Self.fail(town)
      #expect(try await Self.lock(town) == .seconds(900))
    }
  }

  @Test("failures are forgotten after an hour of silence, and by success")
  func forgetting() async throws {
    try await withTown { town throws in
      try await Self.fail(town, times: 4)
      town.time.advance(seconds: 3_601)
      try await Self.fail(town, times: 4)
      #expect(try await Self.lock(town) == nil)
      try await town.stores.loginGuard.noteSuccess(of: "Maria")
      try await Self.fail(town, times: 4)
      #expect(try await Self.lock(town) == nil)
      try await Self.fail(town)
      #expect(try await Self.lock(town) == .seconds(60))
    }
  }

  @Test("failures at the same time are all counted, on any node")
  func concurrent() async throws {
    try await withTown { town throws in
      let neighbour = town.neighbour()
      let outcomes = await atOnce(20) { number in
        try await (number % 2 == 0 ? town.stores : neighbour).loginGuard.noteFailure(
          of: "maria", user: nil, tenant: nil, by: town.actor(""))
      }
      for outcome in outcomes { try outcome.get() }
      #expect(
        try await town.database.integer(
          "SELECT failures::bigint FROM public.accounts_lockout") == 20)
      #expect(try await neighbour.loginGuard.lockout(of: "maria", at: noon) == .seconds(900))
    }
  }

  @Test("names of any length and content are counted")
  func hostile() async throws {
    try await withTown { town throws in
      for name in ["", "a\0b", String(repeating: "é", count: 10_000), "'; DROP TABLE x --"] {
        try await Self.fail(town, name, times: 5)
        #expect(try await Self.lock(town, name) == .seconds(60))
      }
    }
  }
}
