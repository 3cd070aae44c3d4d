// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// When sensors came and went, by the time of their readings. `telemetry_sensorstate` says up to which
  /// reading that has been looked at; only one job writes to the two. No foreign keys, as for readings.
  static let tenant0006Status = Migration(
    number: 6, name: "status history",
    sql: """
      CREATE TABLE {schema}.telemetry_sensorstate (
        sensor_id bigint PRIMARY KEY,
        is_online boolean NOT NULL,
        seen_until timestamptz NOT NULL
      ) WITH (fillfactor = 50);
      CREATE TABLE {schema}.telemetry_statushistory (
        sensor_id bigint NOT NULL,
        since timestamptz NOT NULL,
        is_online boolean NOT NULL,
        PRIMARY KEY (sensor_id, since)
      );
      """)
}
