// SPDX-License-Identifier: Apache-2.0

extension CatalogueTables {
  /// Selects `owner` and `percent`, the share of the last 24 hours during which at least one of an owner's sensors
  /// was online; what was before the first thing that is known of any of them does not count. It is what
  /// `Availability` computes, for many owners in one statement.
  /// - Parameters:
  ///   - owner: SQL of `measured`, a sensor, or `carrier`, its device.
  ///   - condition: on these and, with `joins`, others.
  private func availability(owner: String, joins: String = "", where condition: String) -> String {
    let start = "now() - interval '24 hours'"
    let changes = StatusChanges(schema: schema).lateral(of: "known", from: start, to: "now()")
    // `step` is 1 where one of an owner's sensors comes and -1 where it goes; their sum is how many are there.
    return """
      SELECT turn.owner,
        (100 * coalesce(
          sum(extract(epoch FROM turn.until - turn.at)) FILTER (WHERE turn.online > 0), 0)
          / nullif(extract(epoch FROM now() - min(turn.at)), 0))::double precision AS percent
      FROM (
        SELECT owner, at, sum(step) OVER w AS online, lead(at, 1, now()) OVER w AS until
        FROM (
          SELECT known.owner, known.sensor_id, change.since, greatest(change.since, \(start)) AS at,
            change.is_online::integer - lag(change.is_online::integer, 1, 0) OVER (
              PARTITION BY known.sensor_id ORDER BY change.since, change.is_online) AS step
          FROM (
            SELECT \(owner) AS owner, measured.id AS sensor_id, newest.last_timestamp,
              make_interval(secs => carrier.offline_after_seconds) AS timeout
            FROM \(sensors) measured
            JOIN \(devices) carrier ON carrier.id = measured.device_id
            JOIN \(sensorStatus) newest ON newest.sensor_id = measured.id
            \(joins)
            WHERE \(condition)
          ) known
          \(changes)
        ) steps
        WINDOW w AS (PARTITION BY owner ORDER BY since, sensor_id)
      ) turn GROUP BY turn.owner
      """
  }

  /// Of `device`: `available.percent`.
  var deviceAvailability: String {
    let available = availability(
      owner: "measured.device_id",
      where: "measured.device_id = device.id AND measured.is_active")
    return "LEFT JOIN LATERAL (\(available)) available ON true"
  }

  /// Of `sensor`: `available.percent`.
  var sensorAvailability: String {
    let available = availability(owner: "measured.id", where: "measured.id = sensor.id")
    return "LEFT JOIN LATERAL (\(available)) available ON true"
  }

  /// Selects the mean over the devices of the site `$1` of which it is known, with 1 decimal; NULL without any.
  var siteAvailability: String {
    let available = availability(
      owner: "measured.device_id",
      joins: "JOIN \(assets) place ON place.id = carrier.asset_id",
      where: "place.site_id = $1 AND place.is_active AND carrier.is_active AND measured.is_active")
    return "SELECT round(avg(percent)::numeric, 1)::double precision FROM (\(available)) available"
  }
}
