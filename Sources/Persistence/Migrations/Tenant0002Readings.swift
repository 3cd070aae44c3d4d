// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// The readings: one table of one shape for all readers, kept in a hypertable or in monthly
  /// partitions. One index only (it is also what makes a reading unique), and no foreign key: both cost
  /// on every insert.
  static let tenant0002Readings = Migration(
    number: 2, name: "readings",
    sql: "",
    onHypertable: """
      CREATE TABLE {schema}.telemetry_readings (
        sensor_id bigint NOT NULL,
        "timestamp" timestamptz NOT NULL,
        value double precision NOT NULL,
        unit varchar(50) NOT NULL,
        metadata jsonb,
        UNIQUE (sensor_id, "timestamp")
      );
      SELECT {timescale}.create_hypertable(
        {readings}::regclass, 'timestamp', chunk_time_interval => interval '7 days',
        create_default_indexes => false);
      """,
    // The partitions themselves: `ReadingPartitions`.
    onPartitions: """
      CREATE TABLE {schema}.telemetry_readings (
        sensor_id bigint NOT NULL,
        "timestamp" timestamptz NOT NULL,
        value double precision NOT NULL,
        unit varchar(50) NOT NULL,
        metadata jsonb,
        UNIQUE (sensor_id, "timestamp")
      ) PARTITION BY RANGE ("timestamp");
      """)
}
