// SPDX-License-Identifier: Apache-2.0

extension CatalogueTables {
  private static let start = "now() - interval '24 hours'"

  /// Selects `owner` and `percent`, the share of the last 24 hours during which at least one of an owner's sensors
  /// or its heartbeats was online; what was before the first thing that is known of any of them does not count. It
  /// is what `Availability` computes, for many owners in one statement.
  /// - Parameter changes: selects them, from ``start`` to now.
  private func availability(_ changes: String) -> String {
    // `step` is 1 where one of an owner's sensors comes and -1 where it goes; their sum is how many are there.
    """
    SELECT turn.owner,
      (100 * coalesce(
        sum(extract(epoch FROM turn.until - turn.at)) FILTER (WHERE turn.online > 0), 0)
        / nullif(extract(epoch FROM now() - min(turn.at)), 0))::double precision AS percent
    FROM (
      SELECT owner, at, sum(step) OVER w AS online, lead(at, 1, now()) OVER w AS until
      FROM (
        SELECT owner, sensor_id, since, greatest(since, \(Self.start)) AS at,
          is_online::integer - lag(is_online::integer, 1, 0) OVER (
            PARTITION BY owner, sensor_id ORDER BY since, is_online) AS step
        FROM (\(changes)) change
      ) steps
      WINDOW w AS (PARTITION BY owner ORDER BY since, sensor_id)
    ) turn GROUP BY turn.owner
    """
  }

  private func availability(ofDevices devices: StatusChanges.Source) -> String {
    availability(StatusChanges(self).devices(devices, from: Self.start, to: "now()"))
  }

  /// Of `device`: `available.percent`.
  var deviceAvailability: String {
    let available = availability(ofDevices: .init(condition: "carrier.id = device.id"))
    return "LEFT JOIN LATERAL (\(available)) available ON true"
  }

  /// Of `sensor`: `available.percent`.
  var sensorAvailability: String {
    let available = availability(
      StatusChanges(self).sensors(
        owner: "measured.id", .init(condition: "measured.id = sensor.id"), from: Self.start,
        to: "now()"))
    return "LEFT JOIN LATERAL (\(available)) available ON true"
  }

  /// Selects the mean over the devices of the site `$1` of which it is known, with 1 decimal; NULL without any.
  var siteAvailability: String {
    let available = availability(
      ofDevices: .init(
        joins: "JOIN \(assets) place ON place.id = carrier.asset_id",
        condition: "place.site_id = $1 AND place.is_active AND carrier.is_active"))
    return "SELECT round(avg(percent)::numeric, 1)::double precision FROM (\(available)) available"
  }
}
