// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// Readings summed up by 5 minutes, hour and day, aligned to UTC: tables of the same names and columns,
  /// continuous aggregates on a hypertable, and what keeps them true.
  ///
  /// - `telemetry_dirty_hours`: hours with readings that the rollups do not hold yet. The ingest
  ///   transaction marks them, so that a rollup of an hour that is not listed equals its readings in every
  ///   snapshot. `marked_by` is the transaction that marked the hour last: who brings the rollups up to
  ///   date takes away only marks that he has seen.
  /// - `telemetry_settings` has one row. Readings before `kept_from` are gone, and the rollups are all
  ///   that is known of that time.
  ///
  /// The aggregates are refreshed by this program's own job, not by policies: a background job per schema
  /// would be thousands for a handful of workers.
  static let tenant0005Rollups = Migration(
    number: 5, name: "rollups",
    sql: """
      CREATE TABLE {schema}.telemetry_settings (
        id boolean PRIMARY KEY DEFAULT true CHECK (id),
        raw_days integer CHECK (raw_days >= 1),
        compress_after_days integer CHECK (compress_after_days >= 1),
        kept_from timestamptz NOT NULL DEFAULT '-infinity',
        retained_at timestamptz,
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      INSERT INTO {schema}.telemetry_settings DEFAULT VALUES;
      CREATE TABLE {schema}.telemetry_dirty_hours (
        hour timestamptz PRIMARY KEY,
        marked_by bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint
      ) WITH (fillfactor = 50);
      INSERT INTO {schema}.telemetry_dirty_hours (hour)
        SELECT DISTINCT date_bin('1 hour', "timestamp", 'epoch') FROM {schema}.telemetry_readings;
      """,
    onHypertable: """
      CREATE MATERIALIZED VIEW {schema}.telemetry_5m
        WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
        SELECT sensor_id, {timescale}.time_bucket('5 minutes', "timestamp") AS bucket,
          sum(value) AS sum_value, min(value) AS min_value, max(value) AS max_value,
          {timescale}.last(value, "timestamp") AS last_value, count(*) AS count
        FROM {schema}.telemetry_readings GROUP BY 1, 2 WITH NO DATA;
      CREATE MATERIALIZED VIEW {schema}.telemetry_hourly
        WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
        SELECT sensor_id, {timescale}.time_bucket('1 hour', bucket) AS bucket,
          sum(sum_value) AS sum_value, min(min_value) AS min_value, max(max_value) AS max_value,
          {timescale}.last(last_value, bucket) AS last_value, sum(count)::bigint AS count
        FROM {schema}.telemetry_5m GROUP BY 1, 2 WITH NO DATA;
      CREATE MATERIALIZED VIEW {schema}.telemetry_daily
        WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
        SELECT sensor_id, {timescale}.time_bucket('1 day', bucket) AS bucket,
          sum(sum_value) AS sum_value, min(min_value) AS min_value, max(max_value) AS max_value,
          {timescale}.last(last_value, bucket) AS last_value, sum(count)::bigint AS count
        FROM {schema}.telemetry_hourly GROUP BY 1, 2 WITH NO DATA;
      """,
    onPartitions: """
      CREATE TABLE {schema}.telemetry_5m (
        sensor_id bigint NOT NULL,
        bucket timestamptz NOT NULL,
        sum_value double precision NOT NULL,
        min_value double precision NOT NULL,
        max_value double precision NOT NULL,
        last_value double precision NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (sensor_id, bucket)
      );
      CREATE TABLE {schema}.telemetry_hourly (LIKE {schema}.telemetry_5m INCLUDING ALL);
      CREATE TABLE {schema}.telemetry_daily (LIKE {schema}.telemetry_5m INCLUDING ALL);
      """)
}
