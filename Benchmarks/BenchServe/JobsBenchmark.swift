// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Foundation
import Logging
import NIOPosix
import Persistence
import RPCRuntime
import Services
import Synchronization
import TrakSenseAPI

/// The jobs of a thousand tenants with readings, one of them with a hundred times as many: a first round in
/// which all have everything to do, what it costs when nothing changes, and what somebody who asks sees of the
/// large one's rollups.
struct JobsBenchmark {
  private static let tenants = 1_000
  private static let sensors = 5
  private static let minutes = 120
  /// How many times the data of others the first tenant has.
  private static let factor = 100
  /// Windows in which it is counted what idle turns cost. Rests double: turns come in waves.
  private static let idleWindows = 4
  private static let windowSeconds = 60
  private static let busySeconds = 10.0

  let timescale: Bool
  let report: Report

  func run() async throws {
    let house = try await House(timescale: timescale)
    report.section("Jobs of \(Self.tenants) tenants, \(house.storage)")
    if timescale, !house.postgres.hasTimescaleDB {
      report.note("TimescaleDB is not installed: no figures for hypertables.")
      return await house.stop()
    }
    let tenants = try await fill(house)
    let serve = try await house.launch()
    let postgres = ProcessUsage.child(named: "postgres") ?? 0
    let before = (cpu(serve.processID), cpu(postgres), try await transactions(house))
    let begun = ContinuousClock.now
    let isOver = Flag()
    async let latencies = Self.ask(house) { _ in !isOver.isRaised }
    var smallOnesDone: Double?
    while try await !isQuiet(house) {
      if smallOnesDone == nil, try await isRolledUp(tenants.dropFirst(), house) {
        smallOnesDone = (ContinuousClock.now - begun).inSeconds
      }
      try await Task.sleep(for: .milliseconds(500))
    }
    let took = (ContinuousClock.now - begun).inSeconds
    let after = (cpu(serve.processID), cpu(postgres), try await transactions(house))
    let points = Self.sensors * Self.minutes * (Self.tenants + Self.factor - 1)
    report.add(
      "a first round of all jobs (\(points / 1_000) thousand readings)", took, "s", digits: 1)
    report.add(
      "  the \(Self.tenants - 1) small tenants were rolled up after", smallOnesDone ?? took, "s",
      digits: 1)
    report.note("  \(after.2 - before.2) transactions")
    report.add("  CPU of traksense", after.0 - before.0, "s", digits: 1)
    report.add("  CPU of PostgreSQL", after.1 - before.1, "s", digits: 1)
    isOver.raise()
    let during = Percentiles(try await latencies)
    report.add(
      "history of 2 h at 5 m of a stranger meanwhile: p99; p50 \(during.p50.text)", during.p99,
      "ms", digits: 2)
    try await measureIdle(house, serve, postgres)
    if let large = tenants.first { try await measureFairness(house, large) }
    await serve.stop()
    await house.stop()
  }

  /// While nothing changes, turns find nothing to do, and come ever more seldom. Some of the CPU time is that of
  /// a server without turns: the line through what the windows used, over their turns, tells them apart.
  private func measureIdle(
    _ house: House, _ serve: ChildProcess, _ postgres: pid_t
  ) async throws {
    var windows: [(x: Double, y: Double)] = []
    for _ in 0..<Self.idleWindows {
      let before = (cpu(serve.processID), cpu(postgres), try await turns(house, "quiet"))
      try await Task.sleep(for: .seconds(Self.windowSeconds))
      let after = (cpu(serve.processID), cpu(postgres), try await turns(house, "quiet"))
      windows.append((after.2 - before.2, after.0 - before.0 + after.1 - before.1))
      report.note(
        "  idle for \(Self.windowSeconds) s: \(Int(after.2 - before.2)) turns that found nothing"
          + " to do, CPU of traksense \((after.0 - before.0).text) s, of PostgreSQL"
          + " \((after.1 - before.1).text) s")
    }
    let line = LeastSquares(windows)
    report.add("  CPU of such a turn", line.slope * 1_000, "ms", digits: 2)
    if let quietest = windows.min(by: { $0.x < $1.x }) {
      report.add(
        "  idle server, everything, with \(Int(quietest.x)) turns",
        quietest.y / Double(Self.windowSeconds) * 100, "% of a core", digits: 2)
    }
    // Three jobs that rest for 30 minutes at last, and one that rests for an hour.
    let turnsASecond = Double(Self.tenants) * (3.0 / 1_800 + 1.0 / 3_600)
    let share = line.slope * turnsASecond * 100
    report.add(
      "idle turns, when the rests are at their longest", share, "% of a core", digits: 2,
      target: "< 1 %", isMet: share < 1)
    report.add(
      "resident: traksense",
      Double(ProcessUsage.residentKilobytes(of: serve.processID) ?? 0) / 1_024, "MB")
    report.add(
      "resident, largest process of PostgreSQL, without what they share",
      Double(ProcessUsage.largestChild(of: postgres)) / 1_024, "MB")
  }

  /// What a stranger's call takes while the large tenant is rolled up again and again, and otherwise.
  private func measureFairness(_ house: House, _ large: Tenant) async throws {
    let key = try APIKeyText()
    _ = try await house.accounts.apiKeys.create(
      NewAPIKey(
        name: "bench", prefix: key.prefix, digest: try key.digest(), scopes: [.ingest],
        expiresAt: nil),
      for: large, by: AuditActor(name: "bench", origin: CallOrigin(), at: TestPoints.now))
    let alone = Percentiles(try await Self.ask(house) { $0 < 500 })
    let isOver = Flag()
    async let marking: Void = {
      // Sooner than a turn ends: the job never comes to an end, and rests.
      while !isOver.isRaised { try await Self.markAllHours(of: large, house) }
    }()
    try await Self.ingest(into: large, key, house)
    let before = try await turns(house, "worked")
    let hasBegun = try await eventually(within: .seconds(300)) {
      try await turns(house, "worked") > before + 5
    }
    guard hasBegun else { throw BenchError("the large tenant was not rolled up") }
    let (begun, done) = (ContinuousClock.now, try await turns(house, "worked"))
    let during = Percentiles(
      try await Self.ask(house) { _ in
        (ContinuousClock.now - begun).inSeconds < Self.busySeconds
      })
    let rate = (try await turns(house, "worked") - done) / (ContinuousClock.now - begun).inSeconds
    isOver.raise()
    try await marking
    report.add(
      "a stranger's history call while a tenant with \(Self.factor) × the data is rolled up"
        + " (\(rate.text) turns a second): p99; p50 \(during.p50.text)",
      during.p99, "ms", digits: 2)
    report.add("the same call alone: p99; p50 \(alone.p50.text)", alone.p99, "ms", digits: 2)
  }

  /// As if readings of all of its hours had come again.
  private static func markAllHours(of tenant: Tenant, _ house: House) async throws {
    try await house.pool.run { connection throws(PostgresError) in
      try connection.run(
        script: """
          INSERT INTO \(tenant.schema).telemetry_dirty_hours (hour)
          SELECT date_bin('1 hour', now() - number * interval '1 hour', 'epoch')
          FROM generate_series(2, \(Self.minutes * Self.factor / 60)) number
          ON CONFLICT (hour) DO UPDATE SET marked_by = EXCLUDED.marked_by
          """)
    }
  }

  /// One reading, through the server: it learns that there is something to do.
  private static func ingest(into tenant: Tenant, _ key: APIKeyText, _ house: House) async throws {
    let connection = try await RPCConnection.connect(
      host: "127.0.0.1", port: Int(house.rpcPort), group: MultiThreadedEventLoopGroup.singleton)
    let reading = TraksenseV1.Reading(
      deviceID: "D-1", sensorID: "temp_1", value: 20, unit: "°C",
      timestamp: ProtoTimestamp(microseconds: TestPoints.now.microseconds))
    let answer = try await TraksenseV1.TelemetryServiceClient(channel: connection).ingest(
      TraksenseV1.IngestRequest(tenant: tenant.slug.rawValue, readings: [reading]),
      options: CallOptions(
        metadata: ["x-tenant": tenant.slug.rawValue, "x-api-key": key.text]))
    await connection.close()
    guard answer.stored == 1 else { throw BenchError("the reading was not stored") }
  }

  private func cpu(_ process: pid_t) -> Double { ProcessUsage.cpuSeconds(of: process) }

  // MARK: What there is

  /// By the real ingest transaction.
  private func fill(_ house: House) async throws -> [Tenant] {
    let provisioner = TenantProvisioner(
      migrator: Migrator(
        pool: house.pool, timescale: timescale ? .automatic : .never,
        clock: WallClock { TestPoints.now }))
    let store = PostgresReadingStore(pool: house.pool, codec: JournalBlockCodec())
    let begun = ContinuousClock.now
    let tenants = try await withThrowingTaskGroup(of: [Tenant].self) { group in
      for lane in 0..<4 {
        group.addTask {
          var tenants: [Tenant] = []
          for number in stride(from: lane, to: Self.tenants, by: 4) {
            guard let slug = TenantSlug("j\(number)") else { throw BenchError("slug") }
            let tenant = try await provisioner.create(
              NewTenant(slug: slug, name: "Jobs \(number)", domains: ["j\(number).localhost"]))
            try await Self.fill(
              tenant, minutes: number == 0 ? Self.minutes * Self.factor : Self.minutes, house,
              store)
            tenants.append(tenant)
          }
          return tenants
        }
      }
      var all: [Tenant] = []
      for try await some in group { all += some }
      return all.sorted { $0.id < $1.id }
    }
    report.note(
      "made and filled in \(Int((ContinuousClock.now - begun).inSeconds)) s")
    return tenants
  }

  private static func fill(
    _ tenant: Tenant, minutes: Int, _ house: House, _ store: PostgresReadingStore
  ) async throws {
    let schema = tenant.schema
    try await house.pool.run { connection throws(PostgresError) in
      try connection.run(
        script: """
          INSERT INTO \(schema).assets_site (name) VALUES ('Site');
          INSERT INTO \(schema).assets_asset (site_id, tag, asset_type)
            SELECT id, 'A-1', 'CHILLER' FROM \(schema).assets_site;
          INSERT INTO \(schema).assets_device
            (asset_id, mqtt_client_id, name, serial_number)
            SELECT id, 'D-1', 'Device', 'D-1' FROM \(schema).assets_asset;
          INSERT INTO \(schema).assets_sensor (device_id, tag, metric_type, unit)
            SELECT id, 'temp_' || number, 'temp_supply', '°C'
            FROM \(schema).assets_device, generate_series(1, \(Self.sensors)) number;
          """)
    }
    let sensors = try await PostgresSensorCatalogue(pool: house.pool).sensors(
      matching: SensorFilter(devices: [], sensors: [], types: []), of: tenant)
    let end = TestPoints.now.advanced(by: .seconds(-600))
    for first in stride(from: 0, to: minutes, by: 1_000) {
      let readings = (first..<min(minutes, first + 1_000)).flatMap { minute in
        sensors.map {
          ValidReading(
            sensor: $0, value: Double(minute % 100),
            timestamp: end.advanced(by: .seconds(-60 * minute)))
        }
      }
      _ = try await store.commit(
        TenantBatch(
          tenant: tenant, readings: readings, quarantined: [], receivedAt: TestPoints.now))
    }
  }

  // MARK: How far it is

  private func transactions(_ house: House) async throws -> Int64 {
    let rows = try await house.pool.run { connection throws(PostgresError) in
      try connection.rows(
        Command(
          "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
      ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
    }
    return rows.first ?? 0
  }

  /// Whether every job has had its first turns and none is due.
  private func isQuiet(_ house: House) async throws -> Bool {
    let metrics = try await house.metrics()
    let turns = metrics.filter { $0.key.hasPrefix("traksense_job_turns_total") }.values
    return turns.reduce(0, +) >= Double(4 * Self.tenants)
      && metrics["traksense_jobs_overdue_seconds"] == 0
  }

  private func turns(_ house: House, _ outcome: String) async throws -> Double {
    try await house.metrics().filter {
      $0.key.hasPrefix("traksense_job_turns_total") && $0.key.contains("\"\(outcome)\"")
    }.values.reduce(0, +)
  }

  /// Whether hours that are over are rolled up, for all of some.
  private func isRolledUp(_ tenants: ArraySlice<Tenant>, _ house: House) async throws -> Bool {
    // The last ones first: theirs was the last turn.
    for tenant in tenants.reversed() {
      let rows = try await house.pool.run { connection throws(PostgresError) in
        try connection.rows(
          Command(
            """
            SELECT count(*) FROM \(tenant.schema).telemetry_dirty_hours
            WHERE hour < date_trunc('hour', now()) - interval '1 hour'
            """)
        ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.int8(0) }
      }
      if rows != [0] { return false }
    }
    return true
  }

  // MARK: Somebody who asks

  /// The sample tenant's history, again and again.
  /// - Parameter isWanted: asked with the number of calls so far.
  /// - Returns: milliseconds of each call.
  private static func ask(
    _ house: House, while isWanted: @Sendable (Int) -> Bool
  ) async throws -> [Double] {
    let connection = try await RPCConnection.connect(
      host: "127.0.0.1", port: Int(house.rpcPort), group: MultiThreadedEventLoopGroup.singleton)
    let client = TraksenseV1.TelemetryServiceClient(channel: connection)
    let from = TestPoints.now.advanced(by: .seconds(-7_200))
    let request = TraksenseV1.HistoryRequest(
      deviceID: "BENCH-1", from: ProtoTimestamp(microseconds: from.microseconds), interval: "5m")
    var times: [Double] = []
    while isWanted(times.count) {
      for _ in 0..<20 {
        let begun = ContinuousClock.now
        for try await _ in try await client.history(
          request, options: CallOptions(metadata: house.metadata))
        {}
        times.append((ContinuousClock.now - begun).inSeconds * 1_000)
      }
    }
    await connection.close()
    return times
  }
}

/// The straight line that lies nearest to what was measured.
private struct LeastSquares {
  let slope: Double

  init(_ points: [(x: Double, y: Double)]) {
    let count = Double(points.count)
    let x = points.map(\.x).reduce(0, +) / count
    let y = points.map(\.y).reduce(0, +) / count
    let spread = points.map { ($0.x - x) * ($0.x - x) }.reduce(0, +)
    slope = spread == 0 ? 0 : points.map { ($0.x - x) * ($0.y - y) }.reduce(0, +) / spread
  }
}

/// Tells somebody to stop.
private final class Flag: Sendable {
  private let value = Atomic(false)

  var isRaised: Bool { value.load(ordering: .relaxed) }

  func raise() { value.store(true, ordering: .relaxed) }
}
