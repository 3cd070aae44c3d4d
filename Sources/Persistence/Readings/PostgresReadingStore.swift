// SPDX-License-Identifier: Apache-2.0
package import Domain
import Synchronization

/// Readings, their status, journal and quarantine in PostgreSQL.
package final class PostgresReadingStore: ReadingStore {
  /// Runs of a transaction that the server rolled back for a deadlock or a serialisation failure.
  private static let attempts = 5

  let pool: PostgresPool
  private let codec: any JournalCodec
  /// Which tables of readings take which months, by schema. Grows only; a stale entry is noticed by
  /// the insert that fails.
  private let tables = Mutex<[String: ReadingTable]>([:])

  package init(pool: PostgresPool, codec: any JournalCodec) {
    self.pool = pool
    self.codec = codec
  }

  // MARK: Writing

  package func commit(_ batch: TenantBatch) async throws(StoreError) -> CommitReceipt {
    guard !batch.readings.isEmpty || !batch.quarantined.isEmpty else {
      return CommitReceipt(tenant: batch.tenant, stored: [], entry: nil)
    }
    let schema = try tenantSchema(batch.tenant)
    let transaction = IngestTransaction(batch, schema: schema, codec: codec)
    let months = transaction.months
    let identifier = schema.identifier
    let known = tables.withLock { $0[identifier.name] }
    let receipt: CommitReceipt? = try await pool.run { connection throws(PostgresError) in
      var table = known
      var attempt = 1
      while true {
        do throws(PostgresError) {
          var current: ReadingTable
          if let table {
            current = table
          } else {
            current = try connection.readingTable(in: identifier)
          }
          if !current.lacks(months).isEmpty {
            current = try connection.makePartitions(for: months, in: identifier)
          }
          if current != known {
            tables.withLock { $0[identifier.name] = current }
          }
          table = current
          return try transaction.run(on: connection)
        } catch {
          // check_violation without a constraint: no partition takes the row, so what we knew is stale.
          let isStale = error.sqlState == "23514" && error.constraint.isEmpty
          guard attempt < Self.attempts, error.isRetriable || isStale else { throw error }
          attempt += 1
          if isStale { table = nil }
          try connection.run(script: "ROLLBACK")
        }
      }
    }
    guard let receipt else { throw .outdated }
    return receipt
  }

  package func keepUnroutable(_ points: [QuarantinedPoint]) async throws(StoreError) {
    guard !points.isEmpty else { return }
    let command = IngestTransaction.keep(points, in: "public.ingest_unroutable", receivedAt: nil)
    _ = try await pool.run { connection throws(PostgresError) in try connection.query(command) }
  }

  // MARK: Reading

  package func latest(
    of device: DeviceID, sensors: Set<SensorID>, in tenant: Tenant
  ) async throws(StoreError) -> [LatestReading] {
    let schema = try tenantSchema(tenant)
    let command = Command(
      """
      SELECT \(SensorColumns.list), status.last_value, status.last_timestamp
      FROM \(schema.table("assets_device")) device
      JOIN \(schema.table("assets_sensor")) sensor ON sensor.device_id = device.id
      JOIN \(schema.table("ingest_sensorstatus")) status ON status.sensor_id = sensor.id
      WHERE device.mqtt_client_id = $1 AND device.is_active AND sensor.is_active
        AND (cardinality($2) = 0 OR sensor.tag = ANY ($2))
      ORDER BY sensor.id
      """,
      [.text(device.rawValue), .textArray(sensors.map(\.rawValue))])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        LatestReading(
          sensor: try SensorColumns.read(row), value: try row.float8(SensorColumns.count),
          timestamp: try row.timestamptz(SensorColumns.count + 1))
      }
    }
  }

  package func history(
    _ query: HistoryQuery, after position: HistoryPosition?, in tenant: Tenant
  ) async throws(StoreError) -> HistoryPage {
    let reader = HistoryReader(query, after: position, schema: try tenantSchema(tenant))
    return try await pool.run { connection throws(PostgresError) in
      try reader.page(on: connection)
    }
  }

  package func cursor(of tenant: Tenant) async throws(StoreError) -> Int64 {
    let command = Command("SELECT seq FROM \(try tenantSchema(tenant).table("telemetry_cursor"))")
    let rows = try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        try row.int8(0)
      }
    }
    return rows.first ?? 0
  }

  package func journal(
    of tenant: Tenant, after cursor: Int64, limit: Int
  ) async throws(StoreError) -> [JournalEntry] {
    let command = Command(
      """
      SELECT seq, payload FROM \(try tenantSchema(tenant).table("telemetry_journal"))
      WHERE seq > $1 ORDER BY seq LIMIT $2
      """, [.int8(cursor), .int8(Int64(max(0, limit)))])
    return try await pool.run { connection throws(PostgresError) in
      try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
        JournalEntry(seq: try row.int8(0), payload: try row.bytea(1))
      }
    }
  }

  private func tenantSchema(_ tenant: Tenant) throws(StoreError) -> TenantSchema {
    do throws(PostgresError) { return try TenantSchema(tenant) } catch { throw StoreError(error) }
  }
}
