// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Testing

@testable import Persistence

@Suite("Commits and a server that is killed", .timeLimit(.minutes(5)))
struct CrashTests {
  @Test("what was answered is there after recovery, and sending the rest again stores it once")
  func killedInMidCommit() async throws {
    let (server, directory) = try await TestServer.startServer()
    var limits = PoolLimits()
    limits.longestBackoff = .milliseconds(100)
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: server.connectionString), limits: limits,
      logger: quiet)
    let database = TestDatabase(
      connectionString: server.connectionString, pool: pool,
      migrator: Migrator(pool: pool, timescale: .never, clock: WallClock { noon }),
      timescale: .never)
    try await database.migrator.migrate()
    let plant = try await Plant.make("t", in: database)
    let store = database.store
    // Each committer sends its batches in order, again and again until each is answered.
    let attempts = try await withThrowingTaskGroup(of: Int.self) { group in
      for committer in 0..<4 {
        group.addTask {
          var attempts = 0
          for number in 0..<60 {
            let readings = (0..<50).map { index in
              plant.reading(
                committer % 3, Double(committer),
                at: noon + (committer * 10_000 + number * 50 + index))
            }
            let isAnswered = try await eventually {
              attempts += 1
              do {
                _ = try await store.commit(plant.batch(readings))
                return true
              } catch let error as StoreError where error.isTransient {
                return false
              }
            }
            #expect(isAnswered)
          }
          return attempts
        }
      }
      for _ in 0..<2 {
        let before = (try? await store.cursor(of: plant.tenant)) ?? 0
        _ = await eventually {
          ((try? await store.cursor(of: plant.tenant)) ?? 0) >= before + 20
        }
        await server.kill()
        try await server.start()
      }
      return try await group.reduce(0, +)
    }
    #expect(attempts > 240, "the server was never missed")
    #expect(try await plant.count("telemetry_readings") == 12_000)
    let entries = try await store.journal(of: plant.tenant, after: 0, limit: 10_000)
    #expect(entries.map(\.seq) == Array(1...Int64(entries.count)))
    let journalled = entries.flatMap { LineCodec.lines($0.payload) }
    #expect(journalled.count == 12_000)
    #expect(Set(journalled).count == 12_000)
    #expect(try await plant.ledger("stored") == 12_000)
    let received = try #require(try await plant.ledger("received"))
    #expect(try await plant.ledger("duplicate") == received - 12_000)
    await pool.close()
    await server.stop(.immediate)
    withExtendedLifetime(directory) {}
  }
}
