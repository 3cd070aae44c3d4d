// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// When the newest values of sensors went beyond their thresholds and came back, and which thresholds they had before
  /// they got those that they have. No foreign keys, as for readings.
  ///
  /// The history has a table of its own, because availability is computed of the other one, and a value that swings about a
  /// threshold may write a row for each reading here.
  static let tenant0009Warnings = Migration(
    number: 9, name: "warnings",
    sql: """
      CREATE TABLE {schema}.telemetry_warninghistory (
        sensor_id bigint NOT NULL,
        since timestamptz NOT NULL,
        is_beyond boolean NOT NULL,
        PRIMARY KEY (sensor_id, since)
      );
      CREATE TABLE {schema}.telemetry_formerthresholds (
        sensor_id bigint NOT NULL,
        until timestamptz NOT NULL,
        thresholds jsonb NOT NULL,
        PRIMARY KEY (sensor_id, until)
      );
      ALTER TABLE {schema}.telemetry_sensorstate
        ADD COLUMN is_beyond boolean NOT NULL DEFAULT false;
      """)
}
