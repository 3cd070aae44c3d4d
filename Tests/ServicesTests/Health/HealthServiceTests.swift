// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Health service", .timeLimit(.minutes(5)))
struct HealthServiceTests {
  private let statuses = HealthStatuses(["": .serving, "a.B": .notServing])
  private var client: GrpcHealthV1.HealthClient {
    .init(channel: InProcessChannel(router: RPCRouter([HealthService(statuses)])))
  }

  @Test("Check tells the status now, and NOT_FOUND for what is not known")
  func check() async throws {
    #expect(try await client.check(.init()).status == .serving)
    #expect(try await client.check(.init(service: "a.B")).status == .notServing)
    statuses.set(.serving, for: "a.B")
    #expect(try await client.check(.init(service: "a.B")).status == .serving)
    let error = await #expect(throws: RPCError.self) {
      try await client.check(.init(service: "x.Y"))
    }
    #expect(error == RPCError(.notFound, "unknown service x.Y"))
  }

  @Test("List tells all, up to a hundred", arguments: [2, 99, 100, 101])
  func list(_ count: Int) async throws {
    for number in 2..<count { statuses.set(.serving, for: "s\(number)") }
    guard count <= HealthService.listLimit else {
      let error = await #expect(throws: RPCError.self) { try await client.list(.init()) }
      #expect(error?.code == .resourceExhausted)
      return
    }
    let all = try await client.list(.init()).statuses
    #expect(all.count == count)
    #expect(all["a.B"]?.status == .notServing)
  }

  @Test("Watch tells the status, then each change")
  func watch() async throws {
    var watched = try await client.watch(.init(service: "a.B")).makeAsyncIterator()
    #expect(try await watched.next()?.status == .notServing)
    // Not a change.
    statuses.set(.notServing, for: "a.B")
    statuses.set(.notServing, for: "")
    statuses.set(.serving, for: "a.B")
    #expect(try await watched.next()?.status == .serving)
    let waiting = Task { [client, statuses] in
      // Sooner or later than the watcher waits again.
      _ = try await client.check(.init())
      statuses.set(.notServing, for: "a.B")
    }
    #expect(try await watched.next()?.status == .notServing)
    try await waiting.value
  }

  @Test("Watch of a service that is not known tells so until it is")
  func unknown() async throws {
    var watched = try await client.watch(.init(service: "later")).makeAsyncIterator()
    #expect(try await watched.next()?.status == .serviceUnknown)
    statuses.set(.serving, for: "later")
    #expect(try await watched.next()?.status == .serving)
  }

  @Test("a server that stops tells NOT_SERVING, for good, and ends what is watched")
  func drain() async throws {
    var serving = try await client.watch(.init()).makeAsyncIterator()
    var notServing = try await client.watch(.init(service: "a.B")).makeAsyncIterator()
    #expect(try await serving.next()?.status == .serving)
    #expect(try await notServing.next()?.status == .notServing)
    statuses.drain()
    statuses.set(.serving, for: "")
    #expect(try await client.check(.init()).status == .notServing)
    #expect(try await serving.next()?.status == .notServing)
    for var stream in [serving, notServing] {
      let error = await #expect(throws: RPCError.self) { try await stream.next() }
      #expect(error == RPCError(.unavailable, "the server is stopping"))
    }
  }

  @Test("a watcher that goes away leaves nothing behind")
  func cancellation() async throws {
    let task = Task { await statuses.next(after: .serving, of: "") }
    task.cancel()
    #expect(await task.value == nil)
    await withTaskGroup(of: HealthStatuses.Status?.self) { group in
      for _ in 0..<100 { group.addTask { await statuses.next(after: .serving, of: "") } }
      group.cancelAll()
      for await status in group { #expect(status == nil) }
    }
    // Nobody is woken twice, which would trap.
    statuses.set(.notServing, for: "")
    statuses.drain()
  }
}
