// SPDX-License-Identifier: Apache-2.0
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("The ingest transaction", .timeLimit(.minutes(5)))
struct CommitTests {
  @Test("stores, recognises duplicates, and says which is which", arguments: StorageKind.allCases)
  func storedAndDuplicate(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let plant = try await Plant.make("t", in: database)
      let store = database.store
      let first = try await store.commit(
        plant.batch([plant.reading(0, 21, at: noon), plant.reading(1, 8, at: noon)]))
      #expect(first.stored == [true, true])
      #expect(first.entry?.seq == 1)
      // Within one batch the first wins; against the table the one that is there.
      let second = try await store.commit(
        plant.batch([
          plant.reading(2, 1, at: noon), plant.reading(0, 99, at: noon),
          plant.reading(2, 2, at: noon), plant.reading(0, 22, at: noon + 60),
        ]))
      #expect(second.stored == [true, false, false, true])
      #expect(second.entry?.seq == 2)
      let (key0, key2) = (plant.sensors[0].key, plant.sensors[2].key)
      #expect(
        second.entry.map { LineCodec.lines($0.payload) } == [
          "\(key2) \(noon.microseconds) 1.0", "\(key0) \((noon + 60).microseconds) 22.0",
        ])
      let again = try await store.commit(plant.batch([plant.reading(0, 5, at: noon)]))
      #expect(again.stored == [false])
      #expect(again.entry == nil)
      #expect(try await store.cursor(of: plant.tenant) == 2)
      #expect(try await plant.count("telemetry_readings") == 4)
      #expect(
        try await plant.count(
          "telemetry_readings", where: "sensor_id = \(key0) AND value = 21 AND unit = '°C'") == 1)
      #expect(try await plant.ledger("received") == 7)
      #expect(try await plant.ledger("stored") == 4)
      #expect(try await plant.ledger("duplicate") == 3)
      #expect(try await plant.ledger("quarantined") == 0)
      let entries = try await store.journal(of: plant.tenant, after: 0, limit: 10)
      #expect(entries == [first.entry, second.entry].compactMap { $0 })
      #expect(try await store.journal(of: plant.tenant, after: 1, limit: 10).map(\.seq) == [2])
      #expect(try await store.journal(of: plant.tenant, after: 0, limit: 1).map(\.seq) == [1])
      #expect(try await store.journal(of: plant.tenant, after: 2, limit: 10).isEmpty)
    }
  }

  @Test("latest is the newest by measurement time, whatever the order of arrival")
  func outOfOrder() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let store = database.store
      #expect(
        try await store.latest(of: Plant.device, sensors: [], in: plant.tenant).isEmpty)
      for (value, offset) in [(1.0, 0), (2.0, 120), (3.0, 60), (4.0, -60)] {
        _ = try await store.commit(plant.batch([plant.reading(0, value, at: noon + offset)]))
      }
      _ = try await store.commit(
        plant.batch([plant.reading(1, 6, at: noon + 30), plant.reading(1, 5, at: noon)]))
      let latest = try await store.latest(of: Plant.device, sensors: [], in: plant.tenant)
      #expect(latest.map(\.value) == [2, 6])
      #expect(latest.map(\.timestamp) == [noon + 120, noon + 30])
      #expect(latest.map(\.sensor) == [plant.sensors[0], plant.sensors[1]])
      let one = try await store.latest(
        of: Plant.device, sensors: [plant.sensors[1].id], in: plant.tenant)
      #expect(one.map(\.value) == [6])
      let seen = try await database.integer(
        """
        SELECT (extract(epoch FROM last_seen) * 1000000)::int8 FROM t.ingest_devicestatus
        WHERE status = 'ONLINE'
        """)
      #expect(seen == (noon + 120).microseconds)
    }
  }

  @Test("refused points are kept with reason and payload, and balance the ledger")
  func quarantine() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let points = (0..<3).map { index in
        QuarantinedPoint(
          refusal: Refusal(.unitMismatch, field: "unit", message: "Unit mismatch\0"),
          topic: "tenants/t/x", payload: [0, 1, 255, UInt8(index)], index: index)
      }
      let receipt = try await database.store.commit(plant.batch([], points))
      #expect(receipt.stored.isEmpty)
      #expect(receipt.entry == nil)
      _ = try await database.store.commit(
        plant.batch([plant.reading(0, 1, at: noon)], [points[0]]))
      #expect(try await plant.count("ingest_quarantine") == 4)
      #expect(
        try await plant.count(
          "ingest_quarantine",
          where: #"reason = 'unit_mismatch' AND payload = '\x0001ff02' AND point_index = 2"#) == 1)
      #expect(try await plant.ledger("received") == 5)
      #expect(try await plant.ledger("stored") == 1)
      #expect(try await plant.ledger("quarantined") == 4)
      try await database.store.keepUnroutable(points)
      #expect(try await database.integer("SELECT count(*) FROM public.ingest_unroutable") == 3)
      try await database.store.keepUnroutable([])
    }
  }

  @Test("an empty batch touches nothing")
  func empty() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let receipt = try await database.store.commit(plant.batch([]))
      #expect(receipt.stored.isEmpty)
      #expect(try await plant.count("ingest_ledger") == 0)
    }
  }

  @Test("a transaction takes two round trips once its tenant is known")
  func roundTrips() async throws {
    try await withDatabase(limits: .one) { database throws in
      let plant = try await Plant.make("t", in: database)
      let store = database.store
      _ = try await store.commit(plant.batch([plant.reading(0, 1, at: noon)]))
      let before = try await database.pool.run { connection throws(PostgresError) in
        connection.roundTrips
      }
      _ = try await store.commit(plant.batch([plant.reading(0, 1, at: noon + 1)]))
      let after = try await database.pool.run { connection throws(PostgresError) in
        connection.roundTrips
      }
      #expect(after - before == 2)
    }
  }

  @Test("months without a partition get one, also when many need it at once")
  func partitions() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      // Two stores: as two nodes, which know nothing of each other.
      let stores = [database.store, database.store]
      try await withThrowingDiscardingTaskGroup { group in
        for number in 0..<6 {
          group.addTask {
            let readings = (0..<24).map { month in
              plant.reading(
                number % 3, Double(number), at: noon + (-month * 30 * 86_400 + number))
            }
            _ = try await stores[number % 2].commit(plant.batch(readings))
          }
        }
      }
      #expect(try await plant.count("telemetry_readings") == 144)
      #expect(try await database.store.cursor(of: plant.tenant) == 6)
      // One that was made behind the store's back and is gone again.
      try await database.run("DROP TABLE t.telemetry_readings_y2025m06")
      let receipt = try await stores[0].commit(plant.batch([plant.reading(0, 1, at: noon)]))
      #expect(receipt.stored == [true])
    }
  }

  @Test(
    "ten committers with overlapping readings: every reading once, seq dense, books balanced",
    arguments: StorageKind.allCases)
  func concurrent(storage: StorageKind) async throws {
    var limits = PoolLimits()
    limits.connections = 10
    try await withDatabase(storage, limits: limits) { database throws in
      let plant = try await Plant.make("t", in: database)
      let store = database.store
      let receipts = try await withThrowingTaskGroup(of: [CommitReceipt].self) { group in
        for committer in 0..<10 {
          group.addTask {
            var generator = SeededGenerator(seed: UInt64(committer))
            var receipts: [CommitReceipt] = []
            for _ in 0..<8 {
              let readings = (0..<60).map { _ in
                plant.reading(
                  Int.random(in: 0..<3, using: &generator), Double(committer),
                  at: noon + Int.random(in: 0..<400, using: &generator))
              }
              receipts.append(try await store.commit(plant.batch(readings)))
            }
            return receipts
          }
        }
        var all: [CommitReceipt] = []
        for try await some in group { all += some }
        return all
      }
      let stored = receipts.reduce(0) { $0 + $1.stored.count { $0 } }
      let rows = try await plant.count("telemetry_readings")
      #expect(rows == Int64(stored))
      let entries = try await store.journal(of: plant.tenant, after: 0, limit: 1_000)
      #expect(entries.map(\.seq) == Array(1...Int64(entries.count)))
      #expect(
        Set(entries) == Set(receipts.compactMap(\.entry)), "each receipt told its own journal row")
      #expect(try await store.cursor(of: plant.tenant) == Int64(entries.count))
      let journalled = entries.flatMap { LineCodec.lines($0.payload) }
      #expect(Set(journalled).count == journalled.count)
      let inTable = try await database.pool.run { connection throws(PostgresError) in
        try connection.rows(
          Command("SELECT sensor_id, \"timestamp\", value FROM t.telemetry_readings")
        ) { (row: borrowing PostgresRow) throws(PostgresError) in
          "\(try row.int8(0)) \(try row.timestamptz(1).microseconds) \(try row.float8(2))"
        }
      }
      #expect(Set(journalled) == Set(inTable))
      #expect(try await plant.ledger("received") == 4_800)
      #expect(try await plant.ledger("stored") == rows)
      #expect(try await plant.ledger("duplicate") == rows.map { 4_800 - $0 })
      let newest = try await store.latest(of: Plant.device, sensors: [], in: plant.tenant)
      let expected = try await database.integer(
        "SELECT (extract(epoch FROM max(\"timestamp\")) * 1000000)::int8 FROM t.telemetry_readings")
      #expect(newest.map(\.timestamp.microseconds).max() == expected)
    }
  }

  @Test("a transaction that fails leaves nothing behind")
  func rollback() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      // Fails in the second round trip, after the readings went in.
      try await database.run("DROP TABLE t.telemetry_journal")
      await #expect(throws: StoreError.self) {
        try await database.store.commit(plant.batch([plant.reading(0, 1, at: noon)]))
      }
      #expect(try await plant.count("telemetry_readings") == 0)
      #expect(try await plant.count("ingest_sensorstatus") == 0)
      #expect(try await plant.count("ingest_ledger") == 0)
      #expect(try await database.store.cursor(of: plant.tenant) == 0)
      #expect(database.pool.statistics.open == database.pool.statistics.idle)
    }
  }

  @Test("a commit that is cancelled while it waits for the cursor's row stores nothing")
  func cancelled() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let store = database.store
      let blocker = Task {
        try await database.run(
          "BEGIN; SELECT FROM t.telemetry_cursor FOR UPDATE; SELECT pg_sleep(30) AS blocker;")
      }
      try await waitForStatement("blocker", in: database)
      let commit = Task {
        try await store.commit(plant.batch([plant.reading(0, 1, at: noon)]))
      }
      try await waitForStatement("UPDATE%telemetry_cursor", in: database)
      let start = ContinuousClock.now
      commit.cancel()
      await #expect(throws: StoreError.cancelled) { try await commit.value }
      #expect(start.duration(to: .now) < .seconds(20))
      blocker.cancel()
      _ = await blocker.result
      #expect(try await plant.count("telemetry_readings") == 0)
      let receipt = try await store.commit(plant.batch([plant.reading(0, 1, at: noon)]))
      #expect(receipt.stored == [true])
    }
  }

  @Test("tenants with equal keys do not see each other")
  func isolation() async throws {
    try await withDatabase { database throws in
      let one = try await Plant.make("one", in: database)
      let two = try await Plant.make("two", in: database)
      #expect(one.sensors == two.sensors)
      let store = database.store
      let first = try await store.commit(one.batch([one.reading(0, 1, at: noon)]))
      let second = try await store.commit(two.batch([two.reading(0, 2, at: noon)]))
      #expect(first.stored == [true] && second.stored == [true])
      #expect(first.entry?.seq == 1 && second.entry?.seq == 1)
      for (plant, value) in [(one, 1.0), (two, 2.0)] {
        let latest = try await store.latest(of: Plant.device, sensors: [], in: plant.tenant)
        #expect(latest.map(\.value) == [value])
        let page = try await store.history(
          HistoryQuery(
            sensors: plant.keys, from: noon, to: noon + 1, resolution: .raw), after: nil,
          in: plant.tenant)
        #expect(page.points.map(\.average) == [value])
        #expect(
          try await store.journal(of: plant.tenant, after: 0, limit: 9).map {
            LineCodec.lines($0.payload)
          } == [["\(plant.sensors[0].key) \(noon.microseconds) \(value)"]])
      }
    }
  }
}
