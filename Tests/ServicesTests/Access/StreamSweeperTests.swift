// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import NIOCore
import RPCRuntime
import TestSupport
import Testing
import TrakSenseAPI

@testable import Services

@Suite("Open streams", .timeLimit(.minutes(5)))
struct StreamSweeperTests {
  /// Subscriptions that say nothing.
  private struct Silence: RPCService {
    var handlers: [RPCHandler] {
      [
        RPCHandler(serverStreaming: TraksenseV1.TelemetryServiceMethods.subscribe) {
          _, _, _ throws(RPCError) in
          // Ends with the call.
          try? await Task.sleep(for: .seconds(3_600))
          throw RPCError(.cancelled, "held")
        }
      ]
    }
  }

  private let sweeper: StreamSweeper
  private let fixture: AccountFixture
  private let channel: InProcessChannel

  init() async throws {
    fixture = try await AccountFixture()
    sweeper = StreamSweeper(
      fixture.gate, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    channel = InProcessChannel(
      router: RPCRouter([Silence()], interceptors: [AccessInterceptor(fixture.gate)]))
  }

  /// A task that ends with the stream's error.
  private func open(_ token: String) -> Task<RPCError?, Never> {
    let channel = channel
    let options = fixture.bearer(token)
    return Task {
      do throws(RPCError) {
        let stream = try await channel.serverStreaming(
          TraksenseV1.TelemetryServiceMethods.subscribe, MessageFrame { _ in }, options: options)
        for try await _ in stream {}
        return nil
      } catch {
        return error
      }
    }
  }

  private func areOpen(_ count: Int) async throws {
    try await eventually("\(count) streams are open") { fixture.gate.streams.count == count }
  }

  @Test("go on while their callers count, and each caller is asked about once a pass")
  func goOn() async throws {
    let session = try await fixture.session("viewer")
    let key = try await fixture.apiKey([.read])
    let tasks = [session.access, session.access, session.access, key].map { open($0) }
    try await areOpen(4)
    let before = fixture.accounts.edit { $0.lookups }
    await sweeper.sweep()
    #expect(fixture.accounts.edit { $0.lookups } == before + 2)
    #expect(fixture.gate.streams.count == 4)
    for task in tasks { task.cancel() }
    try await areOpen(0)
  }

  @Test("end with the session, and nobody else's do")
  func session() async throws {
    let mine = try await fixture.session("viewer")
    let other = try await fixture.session("admin")
    let ended = open(mine.access)
    let kept = open(other.access)
    try await areOpen(2)
    _ = try await fixture.auth.logout(.init(accessToken: mine.access))
    await sweeper.sweep()
    let error = await ended.value
    #expect(error?.code == .unauthenticated && error?.reason == "session_ended")
    try await areOpen(1)
    kept.cancel()
    try await areOpen(0)
  }

  @Test("end with the membership, the key and the tenant")
  func others() async throws {
    let member = open(try await fixture.session("viewer").access)
    let key = open(try await fixture.apiKey([.read]))
    let last = open(try await fixture.session("owner").access)
    try await areOpen(3)
    fixture.accounts.edit { state in
      for index in state.memberships.indices where state.memberships[index].role == .viewer {
        state.memberships[index].status = .suspended
      }
      state.keys[0].key.revokedAt = fixture.clock.now
    }
    await sweeper.sweep()
    #expect(await member.value?.code == .unauthenticated)
    #expect(await key.value?.reason == "api_key_not_valid")
    try await areOpen(1)
    fixture.accounts.suspend("umc")
    await sweeper.sweep()
    #expect(await last.value?.code == .permissionDenied)
    try await areOpen(0)
  }

  @Test("go on while the database does not answer")
  func databaseDown() async throws {
    let stream = open(try await fixture.session("viewer").access)
    try await areOpen(1)
    fixture.accounts.fail(.unavailable("down"))
    await sweeper.sweep()
    #expect(fixture.gate.streams.count == 1)
    stream.cancel()
    try await areOpen(0)
  }
}
