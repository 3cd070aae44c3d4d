// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// When a device's silence means that it is offline; and thresholds that lie within the limits by which
  /// readings are refused.
  static let tenant0004CatalogueLimits = Migration(
    number: 4, name: "catalogue limits",
    sql: """
      ALTER TABLE {schema}.assets_device
        ADD COLUMN offline_after_seconds integer NOT NULL DEFAULT 300
          CONSTRAINT assets_device_offline_after_check
          CHECK (offline_after_seconds BETWEEN 10 AND 604800);
      ALTER TABLE {schema}.assets_sensor
        ADD CONSTRAINT assets_sensor_thresholds_check CHECK (
          (thresholds ->> 'critical_low')::double precision BETWEEN
            coalesce(min_value, '-Infinity') AND coalesce(max_value, 'Infinity')
          AND (thresholds ->> 'warning_low')::double precision BETWEEN
            coalesce(min_value, '-Infinity') AND coalesce(max_value, 'Infinity')
          AND (thresholds ->> 'setpoint')::double precision BETWEEN
            coalesce(min_value, '-Infinity') AND coalesce(max_value, 'Infinity')
          AND (thresholds ->> 'warning_high')::double precision BETWEEN
            coalesce(min_value, '-Infinity') AND coalesce(max_value, 'Infinity')
          AND (thresholds ->> 'critical_high')::double precision BETWEEN
            coalesce(min_value, '-Infinity') AND coalesce(max_value, 'Infinity'));
      """)
}
