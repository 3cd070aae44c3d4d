// SPDX-License-Identifier: Apache-2.0
import Domain

/// When the newest values of sensors were beyond their thresholds, in SQL: what the job wrote down, and what the readings
/// after that say. A reading is judged by the thresholds of its time of measurement, and the newest one again when
/// thresholds change; so it is the same whenever it is looked at.
struct WarningChanges: Sendable {
  private let tables: CatalogueTables

  init(_ tables: CatalogueTables) {
    self.tables = tables
  }

  /// Selects `sensor_id`, `since` and `is_beyond`: where the verdict differs from the one before.
  /// - Parameter known: alias of rows with `sensor_id`, `thresholds` (those of now), `seen_until` (the reading from which on
  ///   to look), `was_beyond` (the verdict before it) and `until` (how far to look).
  func changes(of known: String) -> String {
    // Limits are taken out of the thresholds once a stretch of time, not once a reading: OFFSET 0.
    """
    SELECT sensor_id, at AS since, is_beyond FROM (
      SELECT sensor_id, at, is_beyond,
        lag(is_beyond, 1, was_beyond) OVER (PARTITION BY sensor_id ORDER BY at) AS before
      FROM (
        SELECT known.sensor_id, known.was_beyond, event.at,
          \(CatalogueTables.isBeyond("event.value", low: "stretch.low", high: "stretch.high"))
            AS is_beyond
        FROM \(known) known
        CROSS JOIN LATERAL (
          SELECT coalesce(lag(limits.until) OVER (ORDER BY limits.until), '-infinity') AS since,
            limits.until, \(CatalogueTables.lowest(of: "limits.thresholds")) AS low,
            \(CatalogueTables.highest(of: "limits.thresholds")) AS high
          FROM (
            SELECT former.until, former.thresholds FROM \(tables.formerThresholds) former
            WHERE former.sensor_id = known.sensor_id AND former.until > known.seen_until
            UNION ALL SELECT 'infinity', known.thresholds
          ) limits OFFSET 0
        ) stretch
        CROSS JOIN LATERAL (
          SELECT reading."timestamp" AS at, reading.value FROM \(tables.readings) reading
          WHERE reading.sensor_id = known.sensor_id AND reading."timestamp" >= known.seen_until
            AND reading."timestamp" >= stretch.since AND reading."timestamp" < stretch.until
            AND reading."timestamp" <= known.until
          UNION ALL
          (SELECT stretch.since, reading.value FROM \(tables.readings) reading
            WHERE reading.sensor_id = known.sensor_id AND reading."timestamp" >= known.seen_until
              AND reading."timestamp" <= stretch.since
              AND stretch.since > known.seen_until AND stretch.since <= known.until
            ORDER BY reading."timestamp" DESC LIMIT 1)
        ) event
      ) judged
    ) turn WHERE is_beyond <> before
    """
  }

  /// Selects `since` and `is_beyond` of the sensor `$1`: the last one before the range and those in it, some of them twice.
  /// - Parameters:
  ///   - start: SQL of an instant.
  ///   - end: SQL of an instant, not after now.
  func ofSensor(from start: String, to end: String) -> String {
    let history = tables.warningHistory
    let known = """
      (SELECT status.sensor_id, sensor.thresholds, \(end)::timestamptz AS until,
          coalesce(state.seen_until, status.last_timestamp) AS seen_until,
          coalesce(state.is_beyond, false) AS was_beyond
        FROM \(tables.sensorStatus) status
        JOIN \(tables.sensors) sensor ON sensor.id = status.sensor_id
        LEFT JOIN \(tables.sensorStates) state ON state.sensor_id = status.sensor_id
        WHERE status.sensor_id = $1)
      """
    return """
      (SELECT h.since, h.is_beyond FROM \(history) h
        WHERE h.sensor_id = $1 AND h.since < \(start) ORDER BY h.since DESC LIMIT 1)
      UNION ALL
      SELECT h.since, h.is_beyond FROM \(history) h
      WHERE h.sensor_id = $1 AND h.since >= \(start) AND h.since < \(end)
      UNION ALL
      SELECT since, is_beyond FROM (\(changes(of: known))) unseen WHERE since < \(end)
      """
  }

  /// Keeps the thresholds that a sensor has, if it is about to get others.
  func keepThresholds(of sensor: Int64, before new: JSONObjectText) -> Command {
    // The time is taken behind the lock, so that the times of changes are in their order.
    Command(
      """
      INSERT INTO \(tables.formerThresholds) (sensor_id, until, thresholds)
      SELECT id, clock_timestamp(), thresholds
      FROM (SELECT id, thresholds FROM \(tables.sensors) WHERE id = $1 FOR NO KEY UPDATE) sensor
      WHERE thresholds <> $2::jsonb
      """, [.int8(sensor), .text(new.text)])
  }
}
