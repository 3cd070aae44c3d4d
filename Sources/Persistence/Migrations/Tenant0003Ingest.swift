// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// What the ingest transaction writes beside the readings.
  ///
  /// - Status rows hold the newest reading by measurement time; no foreign key, so that removing a
  ///   sensor never fails a batch that is under way. Readers join the catalogue.
  /// - `telemetry_cursor` has one row; its lock, held to COMMIT, makes `seq` order commit order.
  /// - `ingest_ledger` counts per hour of receipt. Each delivery of a point counts: a redelivery
  ///   is received again, and is then a duplicate or quarantined again.
  /// - `ingest_quarantine` has no key over content: when a COMMIT's answer is lost and the broker
  ///   redelivers, a refused point is kept twice, and the ledger says so. A unique index over a hash
  ///   would save those rows at the price of an index on every insert, and would merge two honest
  ///   deliveries of the same bytes; whoever replays must expect duplicates anyway, and replaying one
  ///   twice stores it once.
  static let tenant0003Ingest = Migration(
    number: 3, name: "ingest",
    sql: """
      CREATE TABLE {schema}.ingest_sensorstatus (
        sensor_id bigint PRIMARY KEY,
        last_value double precision NOT NULL,
        last_timestamp timestamptz NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
      ) WITH (fillfactor = 50);
      CREATE TABLE {schema}.ingest_devicestatus (
        device_id bigint PRIMARY KEY,
        status varchar(20) NOT NULL DEFAULT 'ONLINE',
        last_seen timestamptz NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
      ) WITH (fillfactor = 50);
      CREATE TABLE {schema}.telemetry_cursor (
        id boolean PRIMARY KEY DEFAULT true CHECK (id),
        seq bigint NOT NULL DEFAULT 0
      ) WITH (fillfactor = 10);
      INSERT INTO {schema}.telemetry_cursor DEFAULT VALUES;
      CREATE TABLE {schema}.telemetry_journal (
        seq bigint PRIMARY KEY,
        committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        payload bytea NOT NULL
      );
      CREATE TABLE {schema}.ingest_ledger (
        hour timestamptz PRIMARY KEY,
        received bigint NOT NULL,
        stored bigint NOT NULL,
        duplicate bigint NOT NULL,
        quarantined bigint NOT NULL,
        CONSTRAINT ingest_ledger_balances
          CHECK (received = stored + duplicate + quarantined),
        CHECK (stored >= 0 AND duplicate >= 0 AND quarantined >= 0)
      ) WITH (fillfactor = 50);
      CREATE TABLE {schema}.ingest_quarantine (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        reason varchar(50) NOT NULL,
        field text NOT NULL,
        message text NOT NULL,
        topic text NOT NULL,
        payload bytea NOT NULL,
        point_index integer NOT NULL,
        received_at timestamptz NOT NULL
      );
      CREATE INDEX ingest_quarantine_received_at_idx
        ON {schema}.ingest_quarantine (received_at);
      """)
}
