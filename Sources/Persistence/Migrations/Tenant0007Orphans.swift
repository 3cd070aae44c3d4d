// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// Takes away what deleted sensors and devices left behind before deleting took it along. Continuous aggregates cannot
  /// be edited: what they hold of such sensors stays, and nothing leads to it.
  static let tenant0007Orphans = Migration(
    number: 7, name: "orphans",
    sql: """
      DELETE FROM {schema}.ingest_sensorstatus orphan WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_sensor sensor WHERE sensor.id = orphan.sensor_id);
      DELETE FROM {schema}.telemetry_sensorstate orphan WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_sensor sensor WHERE sensor.id = orphan.sensor_id);
      DELETE FROM {schema}.telemetry_statushistory orphan WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_sensor sensor WHERE sensor.id = orphan.sensor_id);
      DELETE FROM {schema}.ingest_devicestatus orphan WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_device device WHERE device.id = orphan.device_id);
      """,
    onPartitions: """
      DELETE FROM {schema}.telemetry_5m orphan WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_sensor sensor WHERE sensor.id = orphan.sensor_id);
      DELETE FROM {schema}.telemetry_hourly orphan WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_sensor sensor WHERE sensor.id = orphan.sensor_id);
      DELETE FROM {schema}.telemetry_daily orphan WHERE NOT EXISTS (
        SELECT FROM {schema}.assets_sensor sensor WHERE sensor.id = orphan.sensor_id);
      """)
}
