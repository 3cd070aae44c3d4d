// SPDX-License-Identifier: Apache-2.0
import Domain

/// One batch on its way into a tenant's schema: the ingest transaction, in two round trips.
///
/// 1. `BEGIN`, readings `ON CONFLICT DO NOTHING RETURNING` what is new; then it is looked whether their sensors still
///    exist, which whoever deletes one cannot change from the insert on until `COMMIT`: deleting locks the table of
///    the readings. There are no foreign keys, whose row locks would be written for every batch.
/// 2. Status of sensors and devices, quarantine, ledger, and (when anything is new) the next `seq` with
///    its journal row; `COMMIT`.
///
/// All transactions lock in one order: readings by (sensor, time), sensor status by key, device status by
/// key, dirty hours, the ledger's hour, the cursor. The cursor comes last, so that its row is locked for as short as
/// can be and `seq` order is commit order.
struct IngestTransaction: Sendable {
  private let batch: TenantBatch
  private let schema: TenantSchema
  private let codec: any JournalCodec
  /// Positions in the batch of the first reading of each (sensor, time), sorted by both.
  private let distinct: [Int]

  init(_ batch: TenantBatch, schema: TenantSchema, codec: any JournalCodec) {
    self.batch = batch
    self.schema = schema
    self.codec = codec
    let readings = batch.readings
    let sorted = readings.indices.sorted { left, right in
      let (leftKey, rightKey) = (ReadingKey(readings[left]), ReadingKey(readings[right]))
      return leftKey == rightKey ? left < right : leftKey < rightKey
    }
    var distinct: [Int] = []
    distinct.reserveCapacity(sorted.count)
    for position in sorted {
      if let last = distinct.last, ReadingKey(readings[last]) == ReadingKey(readings[position]) {
        continue
      }
      distinct.append(position)
    }
    self.distinct = distinct
  }

  /// Months that need a place before the transaction starts.
  var months: Set<ReadingMonth> {
    ReadingMonth.covering(batch.readings.lazy.map(\.timestamp))
  }

  /// - Returns: nil when a sensor has been deleted: nothing was committed.
  func run(on connection: isolated PostgresConnection) throws(PostgresError) -> CommitReceipt? {
    var isNew = [Bool](repeating: false, count: batch.readings.count)
    if distinct.isEmpty {
      try connection.query(.begin)
    } else {
      var keys: Set<ReadingKey> = []
      let touched = try connection.pipeline([.begin, insertReadings, missingSensors]) {
        (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
        guard number == 1 else { return }
        keys.insert(ReadingKey(sensor: try row.int8(0), timestamp: try row.timestamptz(1)))
      }
      guard touched[2] == 0 else {
        try connection.query(.rollback)
        return nil
      }
      for position in distinct where keys.contains(ReadingKey(batch.readings[position])) {
        isNew[position] = true
      }
    }
    let stored = batch.readings.indices.filter { isNew[$0] }.map { batch.readings[$0] }
    var commands: [Command] = []
    if !stored.isEmpty {
      commands.append(updateSensorStatus(stored))
      commands.append(updateDeviceStatus(stored))
      commands.append(markDirty(stored))
    }
    if !batch.quarantined.isEmpty {
      commands.append(
        Self.keep(
          batch.quarantined, in: schema.table("ingest_quarantine"), receivedAt: batch.receivedAt))
    }
    commands.append(addToLedger(stored: stored.count))
    var journalPosition: Int?
    let payload = stored.isEmpty ? [] : codec.encode(stored)
    if !stored.isEmpty {
      journalPosition = commands.count
      commands.append(appendToJournal(payload))
    }
    commands.append(.commit)
    var seq: Int64?
    try connection.pipeline(commands) {
      (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      if number == journalPosition { seq = try row.int8(0) }
    }
    var entry: JournalEntry?
    if journalPosition != nil {
      guard let seq else { throw .unexpected("the tenant's cursor row is missing") }
      entry = JournalEntry(seq: seq, payload: payload)
    }
    return CommitReceipt(tenant: batch.tenant, stored: isNew, entry: entry)
  }

  // MARK: Statements

  private var insertReadings: Command {
    let readings = distinct.map { batch.readings[$0] }
    return Command(
      """
      INSERT INTO \(schema.table("telemetry_readings")) (sensor_id, "timestamp", value, unit)
      SELECT * FROM unnest($1, $2, $3, $4)
      ON CONFLICT DO NOTHING RETURNING sensor_id, "timestamp"
      """,
      [
        .int8Array(readings.map(\.sensor.key)), .timestamptzArray(readings.map(\.timestamp)),
        .float8Array(readings.map(\.value)), .textArray(readings.map(\.sensor.unit)),
      ])
  }

  /// A row for each sensor that is gone.
  private var missingSensors: Command {
    Command(
      """
      SELECT FROM unnest($1) AS wanted (id) WHERE NOT EXISTS (
        SELECT FROM \(schema.table("assets_sensor")) sensor WHERE sensor.id = wanted.id)
      """, [.int8Array(Set(batch.readings.map(\.sensor.key)).sorted())])
  }

  /// The newest stored reading of each sensor, unless the row knows a newer one.
  private func updateSensorStatus(_ stored: [ValidReading]) -> Command {
    var newest: [Int64: ValidReading] = [:]
    for reading in stored {
      if let known = newest[reading.sensor.key], known.timestamp >= reading.timestamp { continue }
      newest[reading.sensor.key] = reading
    }
    let rows = newest.values.sorted { $0.sensor.key < $1.sensor.key }
    return Command(
      """
      INSERT INTO \(schema.table("ingest_sensorstatus")) AS known
        (sensor_id, last_value, last_timestamp)
      SELECT * FROM unnest($1, $2, $3)
      ON CONFLICT (sensor_id) DO UPDATE SET last_value = EXCLUDED.last_value,
        last_timestamp = EXCLUDED.last_timestamp, updated_at = now()
      WHERE known.last_timestamp < EXCLUDED.last_timestamp
      """,
      [
        .int8Array(rows.map(\.sensor.key)), .float8Array(rows.map(\.value)),
        .timestamptzArray(rows.map(\.timestamp)),
      ])
  }

  /// Of devices that exist: a sensor may have been moved from one that was deleted then.
  private func updateDeviceStatus(_ stored: [ValidReading]) -> Command {
    var newest: [Int64: Timestamp] = [:]
    for reading in stored {
      newest[reading.sensor.deviceKey] = max(
        newest[reading.sensor.deviceKey] ?? reading.timestamp, reading.timestamp)
    }
    let rows = newest.sorted { $0.key < $1.key }
    return Command(
      """
      INSERT INTO \(schema.table("ingest_devicestatus")) AS known (device_id, last_seen)
      SELECT seen.* FROM unnest($1, $2) AS seen (id, at)
      JOIN \(schema.table("assets_device")) device ON device.id = seen.id ORDER BY seen.id
      ON CONFLICT (device_id) DO UPDATE SET status = 'ONLINE', last_seen = EXCLUDED.last_seen,
        updated_at = now()
      WHERE known.last_seen < EXCLUDED.last_seen
      """,
      [.int8Array(rows.map(\.key)), .timestamptzArray(rows.map(\.value))])
  }

  /// The hours whose rollups no longer hold all readings.
  private func markDirty(_ stored: [ValidReading]) -> Command {
    let hours = Set(stored.map { RollupLevel.hour.floor($0.timestamp) }).sorted()
    return Command(
      """
      INSERT INTO \(schema.table("telemetry_dirty_hours")) (hour) SELECT * FROM unnest($1)
      ON CONFLICT (hour) DO UPDATE SET marked_by = EXCLUDED.marked_by
      """, [.timestamptzArray(hours)])
  }

  private func addToLedger(stored: Int) -> Command {
    let duplicates = batch.readings.count - stored
    let received = batch.readings.count + batch.quarantined.count
    return Command(
      """
      INSERT INTO \(schema.table("ingest_ledger")) AS sum
        (hour, received, stored, duplicate, quarantined)
      VALUES (date_bin('1 hour', $1, 'epoch'), $2, $3, $4, $5)
      ON CONFLICT (hour) DO UPDATE SET received = sum.received + EXCLUDED.received,
        stored = sum.stored + EXCLUDED.stored, duplicate = sum.duplicate + EXCLUDED.duplicate,
        quarantined = sum.quarantined + EXCLUDED.quarantined
      """,
      [
        .timestamptz(batch.receivedAt), .int8(Int64(received)), .int8(Int64(stored)),
        .int8(Int64(duplicates)), .int8(Int64(batch.quarantined.count)),
      ])
  }

  private func appendToJournal(_ payload: [UInt8]) -> Command {
    Command(
      """
      WITH next AS (
        UPDATE \(schema.table("telemetry_cursor")) SET seq = seq + 1 RETURNING seq
      )
      INSERT INTO \(schema.table("telemetry_journal")) (seq, payload)
      SELECT seq, $1 FROM next RETURNING seq
      """, [.bytea(payload)])
  }

  /// Also for points without a tenant.
  /// - Parameter receivedAt: nil: the server's time.
  static func keep(
    _ points: [QuarantinedPoint], in table: String, receivedAt: Timestamp?
  ) -> Command {
    Command(
      """
      INSERT INTO \(table)
        (reason, field, message, topic, payload, point_index, received_at)
      SELECT *, coalesce($7, now()) FROM unnest($1, $2, $3, $4, $5, $6)
      """,
      [
        .textArray(points.map(\.refusal.reason.rawValue)), .textArray(points.map(\.refusal.field)),
        .textArray(points.map(\.refusal.message)), .textArray(points.map(\.topic)),
        .byteaArray(points.map(\.payload)),
        .int4Array(points.map { Int32(clamping: $0.index) }),
        receivedAt.map { .timestamptz($0) } ?? .null(.timestamptz),
      ])
  }
}

/// What makes a reading unique, in the order of its index.
struct ReadingKey: Hashable, Comparable {
  let sensor: Int64
  let timestamp: Timestamp

  init(sensor: Int64, timestamp: Timestamp) {
    self.sensor = sensor
    self.timestamp = timestamp
  }

  init(_ reading: ValidReading) {
    self.init(sensor: reading.sensor.key, timestamp: reading.timestamp)
  }

  static func < (left: ReadingKey, right: ReadingKey) -> Bool {
    (left.sensor, left.timestamp) < (right.sensor, right.timestamp)
  }
}
