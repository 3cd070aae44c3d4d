// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// When the heartbeats of devices came and went; each heartbeat writes down the gap before it. What was seen of a device
  /// and none of its sensors measured was a heartbeat. No foreign key, as for the other status rows.
  static let tenant0008Heartbeats = Migration(
    number: 8, name: "heartbeats",
    sql: """
      ALTER TABLE {schema}.ingest_devicestatus ADD COLUMN last_heartbeat timestamptz;
      UPDATE {schema}.ingest_devicestatus seen SET last_heartbeat = last_seen
      WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_sensor sensor
        JOIN {schema}.ingest_sensorstatus status ON status.sensor_id = sensor.id
        WHERE sensor.device_id = seen.device_id AND status.last_timestamp >= seen.last_seen);
      CREATE TABLE {schema}.telemetry_heartbeathistory (
        device_id bigint NOT NULL,
        since timestamptz NOT NULL,
        is_online boolean NOT NULL,
        PRIMARY KEY (device_id, since)
      );
      """)
}
