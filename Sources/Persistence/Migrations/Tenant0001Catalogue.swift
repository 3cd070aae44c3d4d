// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// Sites, their assets, the devices on them and what these measure. What names a device or a sensor in
  /// a topic obeys the rules of MQTT topic levels (`DeviceID`, `SensorID`).
  static let tenant0001Catalogue = Migration(
    number: 1, name: "catalogue",
    sql: #"""
      CREATE TABLE {schema}.assets_site (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name varchar(200) NOT NULL,
        address text NOT NULL DEFAULT '',
        latitude numeric(9,6),
        longitude numeric(9,6),
        timezone varchar(50) NOT NULL DEFAULT 'America/Sao_Paulo',
        company varchar(200) NOT NULL DEFAULT '',
        sector varchar(200) NOT NULL DEFAULT '',
        subsector varchar(200) NOT NULL DEFAULT '',
        is_active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE {schema}.assets_asset (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        site_id bigint NOT NULL REFERENCES {schema}.assets_site (id) ON DELETE RESTRICT,
        tag varchar(100) NOT NULL UNIQUE,
        name varchar(255) NOT NULL DEFAULT '',
        asset_type varchar(50) NOT NULL,
        asset_type_other varchar(200) NOT NULL DEFAULT '',
        manufacturer varchar(200) NOT NULL DEFAULT '',
        model varchar(200) NOT NULL DEFAULT '',
        serial_number varchar(200) NOT NULL DEFAULT '',
        status varchar(20) NOT NULL DEFAULT 'OK',
        health_score integer NOT NULL DEFAULT 100 CHECK (health_score BETWEEN 0 AND 100),
        location_description varchar(500) NOT NULL DEFAULT '',
        specifications jsonb NOT NULL DEFAULT '{}',
        installation_date date,
        last_maintenance timestamptz,
        is_active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX assets_asset_site_id_idx ON {schema}.assets_asset (site_id);
      CREATE TABLE {schema}.assets_device (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        asset_id bigint NOT NULL REFERENCES {schema}.assets_asset (id) ON DELETE CASCADE,
        mqtt_client_id varchar(200) NOT NULL UNIQUE
          CHECK (mqtt_client_id ~ '^[^/+#\u0001-\u001F\u007F-\u009F]+$'),
        name varchar(200) NOT NULL,
        serial_number varchar(200) NOT NULL UNIQUE,
        device_type varchar(20) NOT NULL DEFAULT 'CONTROLLER',
        status varchar(20) NOT NULL DEFAULT 'OFFLINE',
        firmware_version varchar(50) NOT NULL DEFAULT '',
        is_active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX assets_device_asset_id_idx ON {schema}.assets_device (asset_id);
      CREATE TABLE {schema}.assets_sensor (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        device_id bigint NOT NULL REFERENCES {schema}.assets_device (id) ON DELETE CASCADE,
        tag varchar(200) NOT NULL CHECK (tag ~ '^[^/+#\u0001-\u001F\u007F-\u009F]+$'),
        metric_type varchar(50) NOT NULL,
        unit varchar(50) NOT NULL,
        min_value double precision,
        max_value double precision,
        thresholds jsonb NOT NULL DEFAULT '{}',
        is_active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (device_id, tag),
        CHECK (min_value <= max_value)
      );
      """#)
}
