// SPDX-License-Identifier: Apache-2.0
import Domain

/// When sensors came and went, in SQL: what the job wrote down, and what the newest reading says of the time that the
/// job has not looked at yet, so that the end never contradicts whether a sensor is online.
struct StatusChanges: Sendable {
  let schema: TenantSchema

  /// Rows of `change` with `since` and `is_online` for a row of `known`: the last one before the range and those in
  /// it, some of them twice.
  /// - Parameters:
  ///   - known: alias of something with `sensor_id`, `last_timestamp` and `timeout`.
  ///   - start: SQL of an instant.
  ///   - end: SQL of an instant, not after now.
  func lateral(of known: String, from start: String, to end: String) -> String {
    let history = schema.table("telemetry_statushistory")
    return """
      CROSS JOIN LATERAL (
        (SELECT h.since, h.is_online FROM \(history) h
          WHERE h.sensor_id = \(known).sensor_id AND h.since < \(start)
          ORDER BY h.since DESC LIMIT 1)
        UNION ALL
        SELECT h.since, h.is_online FROM \(history) h
          WHERE h.sensor_id = \(known).sensor_id AND h.since >= \(start) AND h.since < \(end)
        UNION ALL
        SELECT \(known).last_timestamp, true WHERE \(known).last_timestamp < \(end)
        UNION ALL
        SELECT \(known).last_timestamp + \(known).timeout, false
          WHERE \(known).last_timestamp + \(known).timeout < \(end)
      ) change
      """
  }

  /// Selects `sensor_id`, `since` and `is_online`, ascending.
  /// - Parameter limit: most rows.
  func command(of sensors: [Int64], in range: Range<Timestamp>, limit: Int) -> Command {
    Command(
      """
      SELECT known.sensor_id, change.since, change.is_online
      FROM (
        SELECT newest.sensor_id, newest.last_timestamp,
          make_interval(secs => device.offline_after_seconds) AS timeout
        FROM unnest($1) AS wanted (sensor_id)
        JOIN \(schema.table("ingest_sensorstatus")) newest ON newest.sensor_id = wanted.sensor_id
        JOIN \(schema.table("assets_sensor")) sensor ON sensor.id = wanted.sensor_id
        JOIN \(schema.table("assets_device")) device ON device.id = sensor.device_id
      ) known
      \(lateral(of: "known", from: "$2", to: "$3"))
      ORDER BY 2, 1, 3 LIMIT $4
      """,
      [
        .int8Array(sensors), .timestamptz(range.lowerBound), .timestamptz(range.upperBound),
        .int8(Int64(limit)),
      ])
  }
}
