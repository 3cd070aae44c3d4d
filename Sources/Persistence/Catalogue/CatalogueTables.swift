// SPDX-License-Identifier: Apache-2.0
import Domain

/// The tables of a tenant's catalogue under fixed aliases, and what is computed of them, as ``Connectivity`` says.
/// Whether something is online is a question of the time at which it is asked, so that no job has to notice that
/// nothing came.
struct CatalogueTables: Sendable {
  let schema: TenantSchema

  init(_ tenant: Tenant) throws(PostgresError) {
    schema = try TenantSchema(tenant)
  }

  init(_ schema: TenantSchema) {
    self.schema = schema
  }

  var sites: String { schema.table("assets_site") }
  var assets: String { schema.table("assets_asset") }
  var devices: String { schema.table("assets_device") }
  var sensors: String { schema.table("assets_sensor") }
  var deviceStatus: String { schema.table("ingest_devicestatus") }
  var sensorStatus: String { schema.table("ingest_sensorstatus") }
  var readings: String { schema.table("telemetry_readings") }
  var sensorStates: String { schema.table("telemetry_sensorstate") }
  var statusHistory: String { schema.table("telemetry_statushistory") }
  var warningHistory: String { schema.table("telemetry_warninghistory") }
  var formerThresholds: String { schema.table("telemetry_formerthresholds") }
  var heartbeatHistory: String { schema.table("telemetry_heartbeathistory") }

  /// `site`.
  var siteSource: String { "\(sites) site" }

  /// `asset`, `site`.
  var assetSource: String { "\(assets) asset JOIN \(sites) site ON site.id = asset.site_id" }

  /// `device`, `asset`, `site`, `seen`.
  var deviceSource: String {
    """
    \(devices) device
    JOIN \(assets) asset ON asset.id = device.asset_id
    JOIN \(sites) site ON site.id = asset.site_id
    LEFT JOIN \(deviceStatus) seen ON seen.device_id = device.id
    """
  }

  /// `sensor`, `device`, `asset`, `site`, `status`.
  var sensorSource: String {
    """
    \(sensors) sensor
    JOIN \(devices) device ON device.id = sensor.device_id
    JOIN \(assets) asset ON asset.id = device.asset_id
    JOIN \(sites) site ON site.id = asset.site_id
    LEFT JOIN \(sensorStatus) status ON status.sensor_id = sensor.id
    """
  }

  // MARK: Presence

  /// Of `device` with `seen`.
  static let isDeviceOnline = """
    coalesce(seen.last_seen > now() - make_interval(secs => device.offline_after_seconds), false)
    """
  /// Of `sensor` with `status` and `device`.
  static let isSensorOnline = """
    coalesce(
      status.last_timestamp > now() - make_interval(secs => device.offline_after_seconds), false)
    """
  /// Of `sensor` with `status`: the newest value lies outside its thresholds.
  static let isBeyondThresholds = isBeyond(
    "status.last_value", low: lowest(of: "sensor.thresholds"),
    high: highest(of: "sensor.thresholds"))

  static func isBeyond(_ value: String, low: String, high: String) -> String {
    "coalesce(\(value) < \(low) OR \(value) > \(high), false)"
  }

  /// Values below it are beyond thresholds; NULL: none are.
  static func lowest(of thresholds: String) -> String {
    """
    greatest((\(thresholds) ->> 'critical_low')::double precision,
      (\(thresholds) ->> 'warning_low')::double precision)
    """
  }

  /// Values above it are beyond thresholds; NULL: none are.
  static func highest(of thresholds: String) -> String {
    """
    least((\(thresholds) ->> 'warning_high')::double precision,
      (\(thresholds) ->> 'critical_high')::double precision)
    """
  }
  /// Of `sensor` with `status` and `device`: a ``Connectivity``.
  static let sensorConnectivity = """
    CASE WHEN NOT \(isSensorOnline) THEN 'OFFLINE'
      WHEN \(isBeyondThresholds) THEN 'WARNING' ELSE 'ONLINE' END
    """
  /// Of `device` with `seen`: what people said, else what is measured.
  static let shownStatus = """
    CASE WHEN device.status IN ('ERROR', 'MAINTENANCE') THEN device.status::text
      WHEN \(isDeviceOnline) THEN 'ONLINE' ELSE 'OFFLINE' END
    """

  /// Of `device` with `seen`.
  var needsAttention: String {
    """
    (device.status = 'ERROR' OR (\(Self.isDeviceOnline) AND EXISTS (
      SELECT FROM \(sensors) sensor
      LEFT JOIN \(sensorStatus) status ON status.sensor_id = sensor.id
      WHERE sensor.device_id = device.id AND sensor.is_active AND NOT \(Self.isSensorOnline))))
    """
  }

  /// Of `asset`: one of its devices is as the condition on `device` and `seen` says.
  func hasDevice(_ condition: String) -> String {
    """
    EXISTS (
      SELECT FROM \(devices) device
      LEFT JOIN \(deviceStatus) seen ON seen.device_id = device.id
      WHERE device.asset_id = asset.id AND device.is_active AND \(condition))
    """
  }

  // MARK: What belongs to something, as `counts`

  var siteCounts: String {
    """
    CROSS JOIN LATERAL (
      SELECT count(*) AS assets FROM \(assets) asset
      WHERE asset.site_id = site.id AND asset.is_active
    ) counts
    """
  }

  var assetCounts: String {
    """
    CROSS JOIN LATERAL (
      SELECT count(DISTINCT device.id) AS devices,
        count(DISTINCT device.id) FILTER (WHERE \(Self.isDeviceOnline)) AS online_devices,
        count(sensor.id) AS sensors,
        count(sensor.id) FILTER (WHERE \(Self.isSensorOnline)) AS online_sensors
      FROM \(devices) device
      LEFT JOIN \(deviceStatus) seen ON seen.device_id = device.id
      LEFT JOIN \(sensors) sensor ON sensor.device_id = device.id AND sensor.is_active
      LEFT JOIN \(sensorStatus) status ON status.sensor_id = sensor.id
      WHERE device.asset_id = asset.id AND device.is_active
    ) counts
    """
  }

  var deviceCounts: String {
    """
    CROSS JOIN LATERAL (
      SELECT count(*) AS sensors, count(*) FILTER (WHERE \(Self.isSensorOnline)) AS online_sensors
      FROM \(sensors) sensor
      LEFT JOIN \(sensorStatus) status ON status.sensor_id = sensor.id
      WHERE sensor.device_id = device.id AND sensor.is_active
    ) counts
    """
  }
}
