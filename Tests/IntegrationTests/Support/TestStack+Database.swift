// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Foundation
import Logging
import Persistence
import TestSupport
import Testing

/// How much a tenant's schema holds.
struct Tally: Hashable, Sendable {
  var readings: Int
  /// The newest journal position.
  var cursor: Int
  var journalRows: Int
  var quarantined: Int
  /// Of the whole installation.
  var unroutable: Int
  /// The ledger's columns, summed over its hours.
  var received: Int
  var stored: Int
  var duplicates: Int
  var ledgerQuarantined: Int

  /// Every point is accounted for, and every stored one is there.
  func expectBalanced(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
      received == stored + duplicates + ledgerQuarantined, "\(self)",
      sourceLocation: sourceLocation)
    #expect(stored == readings, "\(self)", sourceLocation: sourceLocation)
    #expect(ledgerQuarantined == quarantined, "\(self)", sourceLocation: sourceLocation)
    #expect(cursor == journalRows, "\(self)", sourceLocation: sourceLocation)
  }
}

/// What journal.py says of a tenant's journal.
struct JournalFacts: Decodable {
  let rows: Int
  /// The positions are 1, 2, 3, …
  let dense: Bool
  let last: Int
  let points: Int
  let onlyInJournal: Int
  let onlyInReadings: Int
  /// Points after the position asked for, and their fingerprint.
  let total: Int
  let digest: String
}

extension TestStack {
  /// Asks PostgreSQL with psql.
  func query(_ sql: String) async throws -> [[String]] {
    let run = try Run(
      Tool.named("psql").path,
      [
        "--no-psqlrc", "--no-align", "--tuples-only", "--field-separator=\t", "--quiet",
        "--set=ON_ERROR_STOP=1", "--command", sql, postgres.connectionString,
      ], log: freshLog("psql"))
    return try await run.succeed().split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  func count(_ sql: String) async throws -> Int {
    let text = try await query(sql).first?.first ?? ""
    return try #require(Int(text), "\(sql) → \(text)")
  }

  func tally(_ schema: String = TestStack.schema) async throws -> Tally {
    let rows = try await query(
      """
      SELECT (SELECT count(*) FROM \(schema).telemetry_readings),
        (SELECT seq FROM \(schema).telemetry_cursor),
        (SELECT count(*) FROM \(schema).telemetry_journal),
        (SELECT count(*) FROM \(schema).ingest_quarantine),
        (SELECT count(*) FROM public.ingest_unroutable),
        coalesce(sum(received), 0), coalesce(sum(stored), 0), coalesce(sum(duplicate), 0),
        coalesce(sum(quarantined), 0)
      FROM \(schema).ingest_ledger
      """)
    let numbers = (rows.first ?? []).compactMap(Int.init)
    try #require(numbers.count == 9)
    return Tally(
      readings: numbers[0], cursor: numbers[1], journalRows: numbers[2], quarantined: numbers[3],
      unroutable: numbers[4], received: numbers[5], stored: numbers[6], duplicates: numbers[7],
      ledgerQuarantined: numbers[8])
  }

  /// Waits until a tenant has this many readings.
  func waitForReadings(
    _ count: Int, in schema: String = TestStack.schema, within limit: Duration = .seconds(60)
  ) async throws {
    var last = -1
    let isThere = try await eventually(within: limit, every: .milliseconds(100)) {
      last = try await self.count("SELECT count(*) FROM \(schema).telemetry_readings")
      return last >= count
    }
    try #require(isThere, "\(last) of \(count) readings are there")
  }

  /// Decodes the journal and compares it with the readings.
  func journal(
    _ schema: String = TestStack.schema, after cursor: Int = 0
  ) async throws -> JournalFacts {
    let files = (freshLog("journal"), freshLog("readings"))
    try await export(
      "SELECT seq, encode(payload, 'hex') FROM \(schema).telemetry_journal ORDER BY seq", files.0)
    try await export(
      """
      SELECT sensor_id, (extract(epoch FROM "timestamp") * 1000000)::bigint, value
      FROM \(schema).telemetry_readings
      """, files.1)
    return try await python("journal.py", [files.0, files.1, "\(cursor)"])
      .result(JournalFacts.self)
  }

  private func export(_ sql: String, _ file: String) async throws {
    let lines = try await query(sql).map { $0.joined(separator: "\t") + "\n" }
    try Data(lines.joined().utf8).write(to: URL(filePath: file))
  }

  // MARK: - A second tenant

  static let rivalSchema = "acme"
  static let rivalHost = "acme.localhost"

  /// Makes the tenant `acme`, whose device and sensors have the names of one of `umc`.
  func createRivalTenant() async throws {
    let slug = try #require(TenantSlug("acme"))
    let pool = try PostgresPool(
      PostgresConfiguration(connectionString: postgres.connectionString), limits: PoolLimits(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    let provisioner = TenantProvisioner(
      migrator: Migrator(pool: pool, clock: WallClock { now }))
    _ = try await provisioner.create(
      NewTenant(slug: slug, name: "Acme", domains: [Self.rivalHost]))
    await pool.close()
    _ = try await query(
      """
      INSERT INTO acme.assets_site (name) VALUES ('Plant');
      INSERT INTO acme.assets_asset (site_id, tag, asset_type)
        SELECT id, 'CH-1', 'CHILLER' FROM acme.assets_site;
      INSERT INTO acme.assets_device (asset_id, mqtt_client_id, name, serial_number)
        SELECT id, 'ESP32-01', 'Controller', 'A-1' FROM acme.assets_asset;
      INSERT INTO acme.assets_sensor (device_id, tag, metric_type, unit, min_value, max_value)
        SELECT id, tag, 'temp_supply', '°C', -40, 125
        FROM acme.assets_device, unnest(ARRAY['temp_001', 'temp_002']) AS tag
      """)
  }
}
