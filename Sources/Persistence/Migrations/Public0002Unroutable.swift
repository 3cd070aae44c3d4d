// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// Points set aside that belong to no tenant.
  static let public0002Unroutable = Migration(
    number: 2, name: "unroutable points",
    sql: """
      CREATE TABLE public.ingest_unroutable (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        reason varchar(50) NOT NULL,
        field text NOT NULL,
        message text NOT NULL,
        topic text NOT NULL,
        payload bytea NOT NULL,
        point_index integer NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX ingest_unroutable_received_at_idx ON public.ingest_unroutable (received_at);
      """)
}
