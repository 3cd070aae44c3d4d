// SPDX-License-Identifier: Apache-2.0
import Domain

/// When sensors and devices came and went, in SQL: what was written down, by the job of sensors and by each heartbeat of
/// its device, and what the newest reading or heartbeat says of the time after that, so that the end never
/// contradicts whether something is online.
struct StatusChanges: Sendable {
  private let tables: CatalogueTables

  init(_ tables: CatalogueTables) {
    self.tables = tables
  }

  init(schema: TenantSchema) {
    self.init(CatalogueTables(schema))
  }

  /// Selects `owner`, `sensor_id`, `since` and `is_online` of sensors: of each the last one before the range and
  /// those in it, some of them twice.
  /// - Parameters:
  ///   - owner: SQL of `measured`, a sensor, or `carrier`, its device.
  ///   - source: what to join these with, and the condition on them and it.
  ///   - start: SQL of an instant.
  ///   - end: SQL of an instant, not after now.
  func sensors(
    owner: String, _ source: Source, from start: String, to end: String
  ) -> String {
    changes(
      history: tables.statusHistory, key: "sensor_id",
      known: """
        SELECT \(owner) AS owner, measured.id AS sensor_id, newest.last_timestamp,
          make_interval(secs => carrier.offline_after_seconds) AS timeout
        FROM \(tables.sensors) measured
        JOIN \(tables.devices) carrier ON carrier.id = measured.device_id
        JOIN \(tables.sensorStatus) newest ON newest.sensor_id = measured.id
        \(source.joins)
        WHERE \(source.condition)
        """, from: start, to: end)
  }

  /// The same of the heartbeats of devices, their owners; `sensor_id` is NULL.
  /// - Parameter source: of `carrier`.
  func heartbeats(_ source: Source, from start: String, to end: String) -> String {
    changes(
      history: tables.heartbeatHistory, key: "device_id",
      known: """
        SELECT carrier.id AS owner, NULL::bigint AS sensor_id, carrier.id AS device_id,
          beat.last_heartbeat AS last_timestamp,
          make_interval(secs => carrier.offline_after_seconds) AS timeout
        FROM \(tables.devices) carrier
        JOIN \(tables.deviceStatus) beat ON beat.device_id = carrier.id
        \(source.joins)
        WHERE beat.last_heartbeat IS NOT NULL AND \(source.condition)
        """, from: start, to: end)
  }

  /// The two together.
  /// - Parameter source: of `carrier`.
  func devices(_ source: Source, from start: String, to end: String) -> String {
    """
    \(sensors(owner: "carrier.id", source, from: start, to: end))
    UNION ALL
    \(heartbeats(source, from: start, to: end))
    """
  }

  struct Source {
    var joins = ""
    let condition: String
  }

  private func changes(
    history: String, key: String, known: String, from start: String, to end: String
  ) -> String {
    """
    SELECT known.owner, known.sensor_id, change.since, change.is_online
    FROM (\(known)) known
    CROSS JOIN LATERAL (
      (SELECT h.since, h.is_online FROM \(history) h
        WHERE h.\(key) = known.\(key) AND h.since < \(start)
        ORDER BY h.since DESC LIMIT 1)
      UNION ALL
      SELECT h.since, h.is_online FROM \(history) h
        WHERE h.\(key) = known.\(key) AND h.since >= \(start) AND h.since < \(end)
      UNION ALL
      SELECT known.last_timestamp, true WHERE known.last_timestamp < \(end)
      UNION ALL
      SELECT known.last_timestamp + known.timeout, false
        WHERE known.last_timestamp + known.timeout < \(end)
    ) change
    """
  }

  // MARK: Commands

  /// Selects `sensor_id`, `since` and `is_online`, ascending.
  /// - Parameter limit: most rows.
  func command(of sensors: [Int64], in range: Range<Timestamp>, limit: Int) -> Command {
    command(
      self.sensors(
        owner: "NULL", Source(condition: "measured.id = ANY ($1)"), from: "$2", to: "$3"),
      .int8Array(sensors), range, limit)
  }

  /// The same of a device.
  func command(ofDevice device: Int64, in range: Range<Timestamp>, limit: Int) -> Command {
    command(
      devices(Source(condition: "carrier.id = $1"), from: "$2", to: "$3"), .int8(device), range,
      limit)
  }

  /// Selects `since`, `is_online` and `is_beyond`, one of which is NULL, ascending.
  func record(of sensor: Int64, in range: Range<Timestamp>, limit: Int) -> Command {
    let changes = sensors(
      owner: "NULL", Source(condition: "measured.id = $1"), from: "$2", to: "$3")
    let warnings = WarningChanges(tables).ofSensor(from: "$2", to: "$3")
    return Command(
      """
      SELECT since, is_online, NULL::boolean AS is_beyond FROM (\(changes)) change
      UNION ALL SELECT since, NULL, is_beyond FROM (\(warnings)) warning
      ORDER BY 1 LIMIT $4
      """,
      [
        .int8(sensor), .timestamptz(range.lowerBound), .timestamptz(range.upperBound),
        .int8(Int64(limit)),
      ])
  }

  private func command(
    _ changes: String, _ key: PostgresValue, _ range: Range<Timestamp>, _ limit: Int
  ) -> Command {
    Command(
      """
      SELECT sensor_id, since, is_online FROM (\(changes)) found ORDER BY 2, 1, 3 LIMIT $4
      """,
      [
        key, .timestamptz(range.lowerBound), .timestamptz(range.upperBound), .int8(Int64(limit)),
      ])
  }
}
