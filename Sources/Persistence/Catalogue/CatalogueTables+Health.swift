// SPDX-License-Identifier: Apache-2.0

extension CatalogueTables {
  /// Of `asset`: the mean over its sensors that have ever measured, of 100 for one that is online within its
  /// thresholds, 50 beyond a warning threshold, 0 beyond a critical one or offline; 100 without such sensors.
  private var health: String {
    """
    (SELECT coalesce(round(100 * avg(
        CASE WHEN NOT \(Self.isSensorOnline) THEN 0
          WHEN status.last_value < (sensor.thresholds ->> 'critical_low')::double precision THEN 0
          WHEN status.last_value > (sensor.thresholds ->> 'critical_high')::double precision THEN 0
          WHEN \(Self.isBeyondThresholds) THEN 0.5 ELSE 1 END)), 100)::integer
      FROM \(devices) device
      JOIN \(sensors) sensor ON sensor.device_id = device.id
      JOIN \(sensorStatus) status ON status.sensor_id = sensor.id
      WHERE device.asset_id = asset.id AND device.is_active AND sensor.is_active)
    """
  }

  /// Brings one asset's score up to date, as a change that somebody made.
  func calculateHealth(of id: Int64) -> Command {
    Command(
      """
      UPDATE \(assets) asset SET health_score = \(health), updated_at = now() WHERE id = $1
      """, [.int8(id)])
  }

  /// Brings those scores up to date that are not; nobody has changed these assets.
  var refreshHealth: Command {
    Command(
      """
      UPDATE \(assets) known SET health_score = fresh.score
      FROM (SELECT asset.id, \(health) AS score FROM \(assets) asset) fresh
      WHERE fresh.id = known.id AND known.health_score <> fresh.score
      """)
  }
}
